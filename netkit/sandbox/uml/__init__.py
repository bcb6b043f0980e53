"""User-Mode Linux as a sandbox: a Linux kernel that runs as an ordinary process, where namespaces are forbidden.

    starter     outside: the relay of a kernel, or waits for a command
    └─ keeper   outside: starts User-Mode Linux, carries all streams over its serial line
       └─ linux.uml, a process group of its own, which the kernel outside kills when the keeper is gone
              init      process 1 inside: lays out the file system, starts the program, buries the dead
              └─ carrier   inside: carries all streams over the serial line

boot         how User-Mode Linux is started, and what it needs
preload      what is loaded into it, so that nothing of it outlives it
confinement  what it may do outside
descriptors  how many files it may have open, and what is done when they become few
keeper       the process outside
first        process 1 inside
root         the file system inside
carry        many byte streams over the serial line, the same at both ends
serial       frames over the serial line, and how many may be under way
stdio        standard input, output, error and terminal of a command
"""
