// The functions of WASI preview 1 that a program calls which reads the standard input and writes the standard output: no
// files, no arguments, no environment. What else it imports answers ENOSYS.

const SUCCESS = 0;
const BAD_FILE_DESCRIPTOR = 8;
const NO_SUCH_FUNCTION = 52;
const MAX_RANDOM_BYTES = 65536;

class Exit extends Error {
  constructor(status) {
    super(`the engine ended with status ${status}`);
    this.status = status;
  }
}

class WasiProcess {
  constructor(input) {
    this.input = new TextEncoder().encode(input);
    this.position = 0;
    this.written = new Map([[1, []], [2, []]]);
    this.memory = null;
  }

  // Runs a module to its end, and returns what it wrote to the standard output.
  async run(module) {
    const instance = await WebAssembly.instantiate(module, this.imports(module));
    this.memory = instance.exports.memory;
    try {
      instance.exports._start();
    } catch (error) {
      if (!(error instanceof Exit && error.status === 0)) {
        throw new Error(this.text(2) || error.message, { cause: error });
      }
    }
    return this.text(1);
  }

  imports(module) {
    const known = {
      fd_read: (descriptor, list, count, total) => this.read(descriptor, list, count, total),
      fd_write: (descriptor, list, count, total) => this.write(descriptor, list, count, total),
      clock_time_get: (clock, precision, result) => this.clock(result),
      random_get: (start, length) => this.random(start, length),
      args_sizes_get: (count, size) => this.nothing(count, size),
      environ_sizes_get: (count, size) => this.nothing(count, size),
      args_get: () => SUCCESS,
      environ_get: () => SUCCESS,
      proc_exit: (status) => {
        throw new Exit(status);
      },
    };
    const imports = {};
    for (const wanted of WebAssembly.Module.imports(module)) {
      imports[wanted.module] ??= {};
      imports[wanted.module][wanted.name] = known[wanted.name] ?? (() => NO_SUCH_FUNCTION);
    }
    return imports;
  }

  // The memory moves when it grows, so a view is made for each call.
  view() {
    return new DataView(this.memory.buffer);
  }

  // Returns the buffers that a list of `iovec` names.
  buffers(list, count) {
    const view = this.view();
    return Array.from({ length: count }, (_, index) => {
      const entry = list + 8 * index;
      return new Uint8Array(this.memory.buffer, view.getUint32(entry, true), view.getUint32(entry + 4, true));
    });
  }

  read(descriptor, list, count, total) {
    if (descriptor !== 0) {
      return BAD_FILE_DESCRIPTOR;
    }
    const begin = this.position;
    for (const buffer of this.buffers(list, count)) {
      const part = this.input.subarray(this.position, this.position + buffer.length);
      buffer.set(part);
      this.position += part.length;
    }
    this.view().setUint32(total, this.position - begin, true);
    return SUCCESS;
  }

  write(descriptor, list, count, total) {
    const written = this.written.get(descriptor);
    if (written === undefined) {
      return BAD_FILE_DESCRIPTOR;
    }
    let length = 0;
    for (const buffer of this.buffers(list, count)) {
      written.push(buffer.slice());
      length += buffer.length;
    }
    this.view().setUint32(total, length, true);
    return SUCCESS;
  }

  clock(result) {
    this.view().setBigUint64(result, BigInt(Date.now()) * 1000000n, true);
    return SUCCESS;
  }

  random(start, length) {
    for (let done = 0; done < length; done += MAX_RANDOM_BYTES) {
      const part = Math.min(MAX_RANDOM_BYTES, length - done);
      crypto.getRandomValues(new Uint8Array(this.memory.buffer, start + done, part));
    }
    return SUCCESS;
  }

  nothing(count, size) {
    this.view().setUint32(count, 0, true);
    this.view().setUint32(size, 0, true);
    return SUCCESS;
  }

  text(descriptor) {
    const decoder = new TextDecoder();
    const parts = this.written.get(descriptor).map((part) => decoder.decode(part, { stream: true }));
    return parts.join("") + decoder.decode();
  }
}
