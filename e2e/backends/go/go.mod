module attache/backends

go 1.26
