// The largest elements of rows, a block a row, one after the other: each is the largest of those that come behind the last. For a few.
#include "../device/device.cuh"

// Larger numbers for what comes first: the larger element, of equal ones the one with the lower place. 0 and -0 are equal.
__device__ inline uint64_t rank_of(float value, int place) {
  value += 0.0f;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits = bits >> 31 ? ~bits : bits | 0x80000000u;
  return (uint64_t)bits << 32 | (uint32_t)~place;
}

// The largest of a block's, the same in each thread.
__device__ inline uint64_t largest_of(uint64_t v) {
  SHARED(uint64_t, parts, 32);
  for (int step = 16; step > 0; step /= 2) {
    const uint64_t other = __shfl_xor_sync(ALL_LANES, v, step);
    v = other > v ? other : v;
  }
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
  __syncthreads();
  uint64_t largest = 0;
  for (int warp = 0; warp < (int)blockDim.x / 32; warp++) largest = parts[warp] > largest ? parts[warp] : largest;
  return largest;
}

// `taken`: [rows, k]; `nan`: [rows], 0 or how many elements of the row are left from its first NaN on.
KERNEL top_k_rows(const real* x, uint32_t* taken, uint32_t* nan, int width, int k) {
  const int64_t row = blockIdx.x;
  x += row * width;
  uint64_t bad = 0;
  for (int i = threadIdx.x; i < width; i += blockDim.x)
    if ((float)x[i] != (float)x[i] && (uint64_t)(width - i) > bad) bad = width - i;
  bad = largest_of(bad);
  if (threadIdx.x == 0) nan[row] = (uint32_t)bad;
  uint64_t last = ~(uint64_t)0;
  for (int rank = 0; rank < k; rank++) {
    uint64_t best = 0;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
      const uint64_t here = rank_of((float)x[i], i);
      if (here < last && here > best) best = here;
    }
    last = largest_of(best);
    if (threadIdx.x == 0) taken[row * k + rank] = ~(uint32_t)last;
  }
}
EXPORT(top_k_rows)
