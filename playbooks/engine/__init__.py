"""Response playbooks: a program of steps, and a durable state machine that runs it. Pure; the roof acts and keeps."""
