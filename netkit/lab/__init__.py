"""What a learner types: handles for namespaces and interfaces, whose every act shows its command."""
