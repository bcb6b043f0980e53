"""How a client's messages reach a kernel in the sandbox: who may connect, and what is carried."""
