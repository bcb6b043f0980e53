"""A class: what learners hand in, how it is graded, what its teacher sees, and exams."""
