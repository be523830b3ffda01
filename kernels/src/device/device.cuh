// What the kernels share. Each `cuda.cu` is compiled once a type: `real` is what tensors are stored in (float or bfloat16),
// arithmetic is in float. Nothing here or in a kernel adds floats by atomics: every sum has a fixed order.
#pragma once

#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <stdint.h>
#define KERNEL extern "C" __global__ void
#define EXPORT(name)
#define SHARED(type, name, count) __shared__ type name[count]
#define DYNAMIC_SHARED(name) extern __shared__ float name[]
#ifdef TALLOW_BF16
typedef __nv_bfloat16 real;
#else
typedef float real;
#endif
#else
#include "emulation.hpp"
#endif

#define ALL_LANES 0xffffffffu

// One thread an element: its place among all.
__device__ inline int64_t element() { return (int64_t)blockIdx.x * blockDim.x + threadIdx.x; }

// Blocks of 32 by N threads, one warp a row: the warp's row.
__device__ inline int64_t warp_row() { return (int64_t)blockIdx.x * blockDim.y + threadIdx.y; }

// The sum over a warp, the same bits in each lane.
template <class T> __device__ inline T warp_sum(T v) {
  for (int step = 16; step > 0; step /= 2) v += __shfl_xor_sync(ALL_LANES, v, step);
  return v;
}

// The largest of a warp; NaN is passed over.
__device__ inline float warp_max(float v) {
  for (int step = 16; step > 0; step /= 2) v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, step));
  return v;
}

// The sum over a block of 32 to 1024 threads in one dimension, the same bits in each thread. All threads take part.
template <class T> __device__ inline T block_sum(T v) {
  SHARED(T, parts, 32);
  v = warp_sum(v);
  __syncthreads(); // what an earlier call left has been read
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
  __syncthreads();
  return warp_sum(threadIdx.x % 32 < blockDim.x / 32 ? parts[threadIdx.x % 32] : T(0));
}

// The largest of a block, as above.
__device__ inline float block_max(float v) {
  SHARED(float, parts, 32);
  v = warp_max(v);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
  __syncthreads();
  return warp_max(threadIdx.x % 32 < blockDim.x / 32 ? parts[threadIdx.x % 32] : -INFINITY);
}

// Sums of columns, first stage: blocks of 32 columns by 8 rows, `CHUNK_ROWS` rows a block. Which rows are summed together
// depends on nothing but their number.
#define CHUNK_ROWS 256

struct Chunk {
  int64_t index;  // which chunk of rows
  int column;     // the thread's, maybe behind the last
  int64_t first;  // the thread's first row; the next is 8 further
  int64_t end;    // one behind the chunk's last row
};

__device__ inline Chunk chunk_of(int64_t rows, int width) {
  const int tiles = (width + 31) / 32;
  const int64_t index = blockIdx.x / tiles;
  const int64_t end = (index + 1) * CHUNK_ROWS;
  return Chunk{index, (int)(blockIdx.x % tiles) * 32 + (int)threadIdx.x, index * CHUNK_ROWS + threadIdx.y, end < rows ? end : rows};
}

// The sum of `v` over the 8 rows of threads, in their order, for the threads of the first row.
__device__ inline float sum_over_rows(float v) {
  SHARED(float, parts, 8 * 32);
  __syncthreads();
  parts[threadIdx.y * 32 + threadIdx.x] = v;
  __syncthreads();
  float sum = 0;
  if (threadIdx.y == 0)
    for (int row = 0; row < 8; row++) sum += parts[row * 32 + threadIdx.x];
  return sum;
}

// Four random words of a block of the stream with that key: Philox4x32-10, to the bit `Stream::block` (random.rs).
struct Words {
  uint32_t word[4];
};

__device__ inline Words random_block(uint64_t stream, uint64_t block) {
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = 0, c3 = 0;
  uint32_t k0 = (uint32_t)stream, k1 = (uint32_t)(stream >> 32);
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = (uint64_t)c0 * 0xD2511F53u, p1 = (uint64_t)c2 * 0xCD9E8D57u;
    const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c0 = n0, c1 = (uint32_t)p1, c2 = n2, c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  return Words{{c0, c1, c2, c3}};
}

// What an element is multiplied by that the stream drops where its 24 bits are below `limit`.
__device__ inline float kept(uint32_t word, uint32_t limit, float scale) { return (word >> 8) >= limit ? scale : 0.0f; }

__device__ inline float logistic(float x) { return 1.0f / (1.0f + expf(-x)); }

// A window that slides over an image, each number along height and width (`Window` of window.rs, image and output with it).
struct Window {
  int kernel[2], stride[2], padding[2], dilation[2], image[2], out[2];
  // Where the window's place `k` of output `o` lies; outside of the image there is padding.
  __device__ int at(int axis, int o, int k) const { return o * stride[axis] + k * dilation[axis] - padding[axis]; }
  // The output whose place `k` lies at `at`; -1 if there is none.
  __device__ int output(int axis, int at, int k) const {
    const int moved = at + padding[axis] - k * dilation[axis];
    return moved >= 0 && moved % stride[axis] == 0 && moved / stride[axis] < out[axis] ? moved / stride[axis] : -1;
  }
  __device__ bool inside(int row, int column) const { return row >= 0 && row < image[0] && column >= 0 && column < image[1]; }
};

// How a kernel takes a window, and the window itself.
#define WINDOW_ARGS                                                                                                               \
  int kernel_h, int kernel_w, int stride_h, int stride_w, int padding_h, int padding_w, int dilation_h, int dilation_w, int height, \
      int width, int out_h, int out_w
#define WINDOW                                                                                                                  \
  Window {                                                                                                                      \
    {kernel_h, kernel_w}, {stride_h, stride_w}, {padding_h, padding_w}, {dilation_h, dilation_w}, {height, width}, { out_h, out_w } \
  }
