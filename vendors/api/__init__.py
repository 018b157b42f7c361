"""Dairies: who delivers where, what each has to bring, and who waits for one."""
