// Attention by tiles in shared memory (Dao et al., 2205.14135; Dao, 2307.08691; mod.rs has the formulas): the online softmax of
// forward leaves the logarithm of each row's sum, from which backward makes tiles of probabilities again.
//
// One shape serves all three kernels (tiles.cuh). A block has 4 warps and ROWS rows, 4 a warp: queries in `forward` and `queries`, keys in
// `keys`. It walks through tiles of 32 columns, one a lane: keys, or queries of all heads that share the keys. A lane first makes
// its column's number of a row (a score, a gradient of one); the warp then adds the columns up, a lane holding every 32nd number
// of the head. Each result is written by one thread that sums in a fixed order, so that there are no atomics.
//
// Plain float arithmetic; tensor cores are not used.
#include "../device/device.cuh"

#define WARPS 4
#define ROWS 16
#define PER_WARP (ROWS / WARPS)
#define COLUMNS 32

// What is asked, the same for each kernel. Operands lie [B T, ...]: a position is `stride` numbers, its first head at `first`.
struct Plan {
  int heads, causal, window, dropout_blocks;
  // Where each sequence's queries and keys begin, behind the last where all end; and how many of them are valid.
  const uint32_t *query_starts, *key_starts, *query_lengths, *key_lengths;

  __device__ int64_t first_query(int sequence) const { return query_starts[sequence]; }
  __device__ int64_t first_key(int sequence) const { return key_starts[sequence]; }
  __device__ int queries(int sequence) const { return (int)(query_starts[sequence + 1] - query_starts[sequence]); }
  __device__ int keys(int sequence) const { return (int)(key_starts[sequence + 1] - key_starts[sequence]); }
};

struct Span {
  int from, to;
};

// The keys that a query of a sequence sees (`Plan::keys_of`).
__device__ inline Span keys_of(const Plan& plan, int sequence, int query) {
  const int queries = (int)plan.query_lengths[sequence], keys = (int)plan.key_lengths[sequence];
  if (query >= queries) return Span{keys, keys};
  if (!plan.causal) return Span{0, keys};
  const int own = query + 1 + keys > queries ? query + 1 + keys - queries : 0;
  return Span{plan.window > 0 && own > plan.window ? own - plan.window : 0, own};
}

// The dropout mask's number of a query and key; a query's elements start a block of four.
__device__ inline float mask_of(const Plan& plan, int sequence, int head, int query, int key, uint64_t stream, int limit, float keep) {
  if (limit == 0) return 1;
  const int64_t row = plan.heads * plan.first_query(sequence) + (int64_t)head * plan.queries(sequence) + query;
  const Words words = random_block(stream, (uint64_t)(row * plan.dropout_blocks + key / 4));
  return kept(words.word[key % 4], (uint32_t)limit, keep);
}

// Loads `count` rows of K numbers into rows `pitch` apart. Behind the end are zeros, for a weight of 0 would keep a NaN of padding.
__device__ inline void load(float* to, int pitch, const real* from, int64_t stride, int first, int end, int count, int size) {
  const int thread = threadIdx.y * 32 + threadIdx.x;
  for (int i = thread; i < count * size; i += 32 * WARPS) {
    const int row = i / size, at = i % size;
    to[row * pitch + at] = first + row < end ? (float)from[(int64_t)(first + row) * stride + at] : 0.0f;
  }
}

__device__ inline float dot(const float* a, const float* b, int size) {
  float sum = 0;
  for (int i = 0; i < size; i++) sum += a[i] * b[i];
  return sum;
}

// The block's place: which rows of which head of which sequence.
struct Place {
  int sequence, head, first;
};

// `rows`: of the longest sequence.
__device__ inline Place place_of(int rows, int heads) {
  const int tiles = (rows + ROWS - 1) / ROWS, block = blockIdx.x;
  return Place{block / tiles / heads, block / tiles % heads, block % tiles * ROWS};
}

// `along`: [B, Tq, H], the sum of dy y over each head: a warp a row.
KERNEL attention_along(const real* dy, const real* y, float* along, int64_t rows, int size) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  float sum = 0;
  for (int i = threadIdx.x; i < size; i += 32) sum += (float)dy[row * size + i] * (float)y[row * size + i];
  sum = warp_sum(sum);
  if (threadIdx.x == 0) along[row] = sum;
}
EXPORT(attention_along)

// For heads of up to 64, 128 and 256.
#define HELD 2
#define NAME(name) name##_64
#include "tiles.cuh"
#undef HELD
#undef NAME
#define HELD 4
#define NAME(name) name##_128
#include "tiles.cuh"
#undef HELD
#undef NAME
#define HELD 8
#define NAME(name) name##_256
#include "tiles.cuh"
#undef HELD
#undef NAME
