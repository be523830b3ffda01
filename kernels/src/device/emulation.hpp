// What the kernels use of CUDA, done by the CPU: the same `.cu` text, compiled as C++, run thread by thread.
//
// A block's threads are fibers of one thread of the host. Each runs until it meets the others at a barrier or a shuffle, where
// the next goes on; blocks run one after the other. What a kernel may do wrong is made to show:
// - shared memory and the surroundings of every buffer start as NaN, and the surroundings are checked afterwards;
// - a barrier or shuffle that some thread of the block or warp does not reach is an error, not a hang;
// - a kernel that is given other types than it takes, or that changes what it says it only reads, is an error;
// - threads and blocks run in rising or falling order as told: results that differ between the two come from a race.
// It does not show: races that neither order reveals, what a real warp's scheduling or memory model would do, register or
// occupancy limits, other rounding by contracted multiply-adds, speed.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

namespace emulation {

constexpr int WARP = 32;
constexpr size_t STACK = 64 * 1024;
constexpr size_t GUARD = 512;
constexpr size_t SHARED_STATIC = 48 * 1024, SHARED_ALL = 160 * 1024;
constexpr unsigned char POISON = 0xFF;  // as float, double or bfloat16: NaN

enum class State { Ready, AtBarrier, AtShuffle, Done };

struct Fiber {
  std::unique_ptr<char[]> stack;
  ucontext_t start;
  jmp_buf here;
  bool started = false;
  State state = State::Done;
  unsigned shuffles = 0;
};

// One host thread's block of fibers.
struct Engine {
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<uint64_t> slots;  // two a thread: what it shows to its warp
  jmp_buf scheduler;
  std::function<void()> kernel;
  unsigned current = 0, threads = 0;
  dim3 thread, block, block_size, grid_size;
  std::vector<unsigned char> shared;
  std::vector<std::pair<const void*, size_t>> arrays;
  size_t dynamic_bytes = 0, used = 0;
  std::string error;

  void yield(State state) {
    Fiber& fiber = *fibers[current];
    fiber.state = state;
    if (!_setjmp(fiber.here)) _longjmp(scheduler, 1);
  }

  static void enter(unsigned low, unsigned high) {
    auto* engine = reinterpret_cast<Engine*>((uintptr_t)low | (uintptr_t)high << 32);
    for (;;) {
      engine->kernel();
      engine->yield(State::Done);
    }
  }

  void resume(unsigned index) {
    current = index;
    thread = dim3{index % block_size.x, index / block_size.x, 0};
    Fiber& fiber = *fibers[index];
    if (_setjmp(scheduler)) return;
    if (fiber.started) _longjmp(fiber.here, 1);
    fiber.started = true;
    getcontext(&fiber.start);
    fiber.start.uc_stack.ss_sp = fiber.stack.get();
    fiber.start.uc_stack.ss_size = STACK;
    fiber.start.uc_link = nullptr;
    const auto self = (uintptr_t)this;
    makecontext(&fiber.start, (void (*)())enter, 2, (unsigned)self, (unsigned)(self >> 32));
    setcontext(&fiber.start);
  }

  unsigned count(unsigned from, unsigned to, State state) const {
    unsigned n = 0;
    for (unsigned i = from; i < to; i++) n += fibers[i]->state == state;
    return n;
  }

  void release(unsigned from, unsigned to) {
    for (unsigned i = from; i < to; i++) fibers[i]->state = State::Ready;
  }

  bool run_block(bool falling) {
    arrays.clear();
    used = (dynamic_bytes + 15) / 16 * 16;
    std::memset(shared.data(), POISON, shared.size());
    for (unsigned i = 0; i < threads; i++) fibers[i]->shuffles = 0;
    release(0, threads);
    while (error.empty()) {
      for (unsigned i = 0; i < threads; i++) {
        const unsigned index = falling ? threads - 1 - i : i;
        if (fibers[index]->state == State::Ready) resume(index);
      }
      if (count(0, threads, State::Done) == threads) return true;
      bool moved = false;
      for (unsigned warp = 0; warp < threads; warp += WARP)
        if (count(warp, warp + WARP, State::AtShuffle) == WARP) release(warp, warp + WARP), moved = true;
      if (count(0, threads, State::AtBarrier) == threads) release(0, threads), moved = true;
      if (!moved && error.empty()) {
        char text[160];
        std::snprintf(text, sizeof text, "block %u: of %u threads %u wait at a barrier, %u at a shuffle and %u have ended", block.x,
                      threads, count(0, threads, State::AtBarrier), count(0, threads, State::AtShuffle), count(0, threads, State::Done));
        error = text;
      }
    }
    return false;
  }

  bool run(unsigned blocks, dim3 size, size_t dynamic, bool falling) {
    error.clear();
    block_size = size, grid_size = dim3{blocks, 1, 1}, threads = size.x * size.y, dynamic_bytes = dynamic;
    if (threads == 0 || threads > 1024 || threads % WARP != 0) return error = "a block must have 32 to 1024 threads, whole warps", false;
    if (dynamic > SHARED_ALL) return error = "more dynamic shared memory than every supported device has", false;
    shared.resize(SHARED_ALL + SHARED_STATIC);
    slots.resize(2 * threads);
    while (fibers.size() < threads) {
      fibers.push_back(std::make_unique<Fiber>());
      fibers.back()->stack.reset(new char[STACK]);
    }
    for (unsigned i = 0; i < blocks; i++) {
      block = dim3{falling ? blocks - 1 - i : i, 0, 0};
      if (!run_block(falling)) {
        for (auto& fiber : fibers) fiber->started = false;  // they hang in the middle: begin anew
        return false;
      }
    }
    return true;
  }

  // Each lane shows a word and reads another's. Two slots in turn, so that a lane that is ahead overwrites nothing unread.
  uint64_t exchange(uint64_t word, unsigned from) {
    const unsigned turn = fibers[current]->shuffles++ % 2, self = current;
    slots[turn * threads + self] = word;
    yield(State::AtShuffle);
    return slots[turn * threads + self / WARP * WARP + from % WARP];
  }

  void* array(const void* key, size_t bytes) {
    for (auto& [have, offset] : arrays)
      if (have == key) return &shared[offset];
    const size_t offset = used;
    used += (bytes + 15) / 16 * 16;
    if (used - dynamic_bytes > SHARED_STATIC || used > SHARED_ALL) error = "more shared memory than a block has";
    arrays.emplace_back(key, offset);
    return &shared[offset < SHARED_ALL ? offset : 0];
  }
};

inline thread_local Engine engine;

// An argument as the host gives it: 'r' and 'w' memory that is read and written, 'i' int, 'l' int64, 'u' uint64, 'f' float.
struct Arg {
  uint32_t kind, element_bytes;
  uint64_t bits, bytes;
};

struct Kernel {
  std::vector<std::pair<char, uint32_t>> takes;
  std::function<void(void**)> call;
};

inline std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

template <class A> std::pair<char, uint32_t> type_of() {
  if constexpr (std::is_pointer_v<A>) {
    using T = std::remove_pointer_t<A>;
    return {std::is_const_v<T> ? 'r' : 'w', (uint32_t)sizeof(T)};
  } else if constexpr (std::is_same_v<A, float>) {
    return {'f', 4};
  } else if constexpr (std::is_same_v<A, uint64_t>) {
    return {'u', 8};
  } else {
    static_assert(std::is_same_v<A, int> || std::is_same_v<A, int64_t>, "a type that the host does not pass");
    return {sizeof(A) == 4 ? 'i' : 'l', (uint32_t)sizeof(A)};
  }
}

template <class... A, size_t... I> void call(void (*kernel)(A...), void** args, std::index_sequence<I...>) {
  kernel(*static_cast<A*>(args[I])...);
}

struct Entry {
  template <class... A> Entry(const char* source, const char* name, void (*kernel)(A...)) {
    auto run = [kernel](void** args) { call(kernel, args, std::index_sequence_for<A...>()); };
    kernels()[std::string(source) + ":" + name] = Kernel{{type_of<A>()...}, run};
  }
};

// A buffer of the host, copied to where its surroundings are known.
struct Buffer {
  uint64_t address, bytes;
  bool written = false;
  std::vector<unsigned char> copy;

  Buffer(uint64_t address, uint64_t bytes) : address(address), bytes(bytes), copy(bytes + 2 * GUARD, POISON) {
    if (bytes > 0) std::memcpy(&copy[GUARD], (const void*)address, bytes);
  }
  bool guards_hold() const {
    for (size_t i = 0; i < GUARD; i++)
      if (copy[i] != POISON || copy[GUARD + bytes + i] != POISON) return false;
    return true;
  }
};

inline std::string launch(const std::string& name, unsigned blocks, dim3 size, size_t dynamic, const Arg* args, size_t count, bool falling) {
  const auto found = kernels().find(name);
  if (found == kernels().end()) return "there is no such kernel";
  const Kernel& kernel = found->second;
  if (kernel.takes.size() != count) return "it takes " + std::to_string(kernel.takes.size()) + " arguments, found " + std::to_string(count);
  std::vector<Buffer> buffers;
  buffers.reserve(count);
  std::vector<uint64_t> values(count);
  std::vector<void*> pointers(count);
  for (size_t i = 0; i < count; i++) {
    const auto [kind, bytes] = kernel.takes[i];
    if (kind != (char)args[i].kind || bytes != args[i].element_bytes)
      return "argument " + std::to_string(i) + " is " + kind + std::to_string(bytes) + ", found " + (char)args[i].kind + std::to_string(args[i].element_bytes);
    values[i] = args[i].bits, pointers[i] = &values[i];
    if (kind != 'r' && kind != 'w') continue;
    Buffer* buffer = nullptr;
    for (auto& have : buffers)
      if (have.address == args[i].bits && have.bytes == args[i].bytes) buffer = &have;
    if (!buffer) buffer = &buffers.emplace_back(args[i].bits, args[i].bytes);
    buffer->written |= kind == 'w';
    values[i] = (uint64_t)&buffer->copy[GUARD];
  }
  engine.kernel = [&] { kernel.call(pointers.data()); };
  if (!engine.run(blocks, size, dynamic, falling)) return engine.error;
  for (auto& buffer : buffers) {
    if (!buffer.guards_hold()) return "it wrote outside of a buffer of " + std::to_string(buffer.bytes) + " bytes";
    if (buffer.bytes == 0) continue;
    if (buffer.written)
      std::memcpy((void*)buffer.address, &buffer.copy[GUARD], buffer.bytes);
    else if (std::memcmp((const void*)buffer.address, &buffer.copy[GUARD], buffer.bytes) != 0)
      return "it changed a buffer that it says it reads";
  }
  return "";
}

}  // namespace emulation

#define __device__
#define __restrict__
#define __launch_bounds__(n)
#define threadIdx (emulation::engine.thread)
#define blockIdx (emulation::engine.block)
#define blockDim (emulation::engine.block_size)
#define gridDim (emulation::engine.grid_size)
#define KERNEL static void
#define EXPORT(name) EXPORT_AS(name)  // what a macro makes of the name
#define EXPORT_AS(name) static emulation::Entry name##_entry(SOURCE, #name, name);
#define SHARED(type, name, count)                                                        \
  static const char name##_key = 0;                                                      \
  type* const name = static_cast<type*>(emulation::engine.array(&name##_key, sizeof(type) * (count)))
#define DYNAMIC_SHARED(name) float* const name = reinterpret_cast<float*>(emulation::engine.shared.data())

inline void __syncthreads() { emulation::engine.yield(emulation::State::AtBarrier); }
inline void __syncwarp() { emulation::engine.yield(emulation::State::AtShuffle); }

template <class T> T __shfl_xor_sync(unsigned, T value, int mask) {
  static_assert(sizeof(T) <= 8);
  uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  word = emulation::engine.exchange(word, emulation::engine.current % emulation::WARP ^ (unsigned)mask);
  std::memcpy(&value, &word, sizeof value);
  return value;
}

// Rounds to nearest, ties to even, as cuda_bf16.h.
struct __nv_bfloat16 {
  uint16_t bits;
  __nv_bfloat16() = default;
  __nv_bfloat16(float value) {
    uint32_t word;
    std::memcpy(&word, &value, sizeof word);
    bits = std::isnan(value) ? 0x7fff : (uint16_t)((word + 0x7fff + (word >> 16 & 1)) >> 16);
  }
  operator float() const {
    const uint32_t word = (uint32_t)bits << 16;
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
};

inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }

// The one entry from the host. Returns 0, or 1 with a message.
extern "C" int tallow_emulated_launch(const char* name, uint32_t blocks, uint32_t size_x, uint32_t size_y, uint64_t dynamic,
                                      const emulation::Arg* args, uint64_t count, int falling, char* message, uint64_t message_bytes) {
  const std::string error = emulation::launch(name, blocks, dim3{size_x, size_y, 1}, dynamic, args, count, falling != 0);
  std::snprintf(message, message_bytes, "%s", error.c_str());
  return error.empty() ? 0 : 1;
}
