// Attention by tiles in shared memory (Dao et al., 2205.14135; Dao, 2307.08691; mod.rs has the formulas): the online softmax of
// forward leaves the logarithm of each row's sum, from which backward makes tiles of probabilities again.
//
// One shape serves all three kernels. A block has 4 warps and ROWS rows, 4 a warp: queries in `forward` and `queries`, keys in
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
// Numbers of a head that a lane holds at most: heads of up to 256.
#define HELD 8

// What is asked, the same for each kernel. Operands lie [B, T, ...]: a position is `stride` numbers, its first head at `first`.
struct Plan {
  int queries, keys, heads, kv_heads, size, causal, window;
  const uint32_t *query_lengths, *key_lengths;
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
  const int64_t row = ((int64_t)sequence * plan.heads + head) * plan.queries + query;
  const Words words = random_block(stream, (uint64_t)(row * ((plan.keys + 3) / 4) + key / 4));
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

// `out += weights[column] * rows[column]` over a tile, for the lane's part of a head.
__device__ inline void add_columns(float* out, const float* weights, const float* rows, int pitch, int size) {
#pragma unroll
  for (int held = 0; held < HELD; held++) {
    const int at = held * 32 + threadIdx.x;
    if (at < size)
      for (int column = 0; column < COLUMNS; column++) out[held] += weights[column] * rows[column * pitch + at];
  }
}

__device__ inline void store(real* to, const float* from, float scale, int size) {
#pragma unroll
  for (int held = 0; held < HELD; held++) {
    const int at = held * 32 + threadIdx.x;
    if (at < size) to[at] = (real)(from[held] * scale);
  }
}

// The block's place: which rows of which head of which sequence.
struct Place {
  int sequence, head, first;
};

__device__ inline Place place_of(int rows, int heads) {
  const int tiles = (rows + ROWS - 1) / ROWS, block = blockIdx.x;
  return Place{block / tiles / heads, block / tiles % heads, block % tiles * ROWS};
}

// `y`: [B, Tq, H K], `log_sums`: [B, H, Tq].
KERNEL attention_forward(const real* q, const real* k, const real* v, real* y, float* log_sums, const uint32_t* query_lengths,
                         const uint32_t* key_lengths, int queries, int keys, int heads, int kv_heads, int size, int q_first, int k_first,
                         int v_first, int q_stride, int kv_stride, int causal, int window, float scale, uint64_t stream, int limit,
                         float keep) {
  const Plan plan{queries, keys, heads, kv_heads, size, causal, window, query_lengths, key_lengths};
  const Place at = place_of(queries, heads);
  const int kv_head = at.head / (heads / kv_heads), lane = threadIdx.x, pitch = size + 1;
  q += (int64_t)at.sequence * queries * q_stride + q_first + at.head * size;
  k += (int64_t)at.sequence * keys * kv_stride + k_first + kv_head * size;
  v += (int64_t)at.sequence * keys * kv_stride + v_first + kv_head * size;

  DYNAMIC_SHARED(memory);
  float *q_tile = memory, *k_tile = q_tile + ROWS * size, *v_tile = k_tile + COLUMNS * pitch, *p_tile = v_tile + COLUMNS * pitch;
  load(q_tile, size, q, q_stride, at.first, queries, ROWS, size);
  float out[PER_WARP][HELD] = {}, largest[PER_WARP], sum[PER_WARP];
  for (int i = 0; i < PER_WARP; i++) largest[i] = -INFINITY, sum[i] = 0;

  // Both ends of what a query sees grow with the query; queries that are not valid see nothing.
  const int valid = (int)query_lengths[at.sequence], last = (at.first + ROWS < valid ? at.first + ROWS : valid) - 1;
  const Span seen = last < at.first ? Span{0, 0} : Span{keys_of(plan, at.sequence, at.first).from, keys_of(plan, at.sequence, last).to};
  for (int first = seen.from / COLUMNS * COLUMNS; first < seen.to; first += COLUMNS) {
    __syncthreads();
    load(k_tile, pitch, k, kv_stride, first, seen.to, COLUMNS, size);
    load(v_tile, pitch, v, kv_stride, first, seen.to, COLUMNS, size);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < PER_WARP; i++) {
      const int row = threadIdx.y * PER_WARP + i, query = at.first + row, key = first + lane;
      const Span span = keys_of(plan, at.sequence, query);
      const bool visible = key >= span.from && key < span.to;
      const float score = visible ? scale * dot(&q_tile[row * size], &k_tile[lane * pitch], size) : -INFINITY;
      const float now = fmaxf(largest[i], warp_max(score));
      // A row that has seen no key yet stays as it is. NaN is not visible to the maximum: it must not be taken for nothing.
      const float p = visible ? expf(score - (now == -INFINITY ? 0.0f : now)) : 0.0f;
      const float factor = now == -INFINITY ? 1.0f : expf(largest[i] - now);
      sum[i] = sum[i] * factor + warp_sum(p);
      largest[i] = now;
      float* weights = &p_tile[threadIdx.y * COLUMNS];
      __syncwarp();
      weights[lane] = visible ? p * mask_of(plan, at.sequence, at.head, query, key, stream, limit, keep) : 0.0f;
      __syncwarp();
      for (int held = 0; held < HELD; held++) out[i][held] *= factor;
      add_columns(out[i], weights, v_tile, pitch, size);
    }
  }
#pragma unroll
  for (int i = 0; i < PER_WARP; i++) {
    const int query = at.first + threadIdx.y * PER_WARP + i;
    if (query >= queries) continue;
    const bool empty = sum[i] == 0;
    store(y + (((int64_t)at.sequence * queries + query) * heads + at.head) * size, out[i], empty ? 0.0f : 1.0f / sum[i], size);
    if (lane == 0) log_sums[((int64_t)at.sequence * heads + at.head) * queries + query] = empty ? 0.0f : largest[i] + logf(sum[i]);
  }
}
EXPORT(attention_forward)

// `along`: [B, H, Tq], the sum of dy y over each head: a warp a row.
KERNEL attention_along(const real* dy, const real* y, float* along, int64_t rows, int queries, int heads, int size) {
  const int64_t row = warp_row();  // of [B, Tq, H]
  if (row >= rows) return;
  float sum = 0;
  for (int i = threadIdx.x; i < size; i += 32) sum += (float)dy[row * size + i] * (float)y[row * size + i];
  sum = warp_sum(sum);
  const int64_t sequence = row / heads / queries, query = row / heads % queries, head = row % heads;
  if (threadIdx.x == 0) along[(sequence * heads + head) * queries + query] = sum;
}
EXPORT(attention_along)

// `dq`, laid out as `q`.
KERNEL attention_queries(const real* q, const real* k, const real* v, const real* dy, const float* log_sums, const float* along, real* dq,
                         const uint32_t* query_lengths, const uint32_t* key_lengths, int queries, int keys, int heads, int kv_heads,
                         int size, int q_first, int k_first, int v_first, int q_stride, int kv_stride, int causal, int window,
                         float scale, uint64_t stream, int limit, float keep) {
  const Plan plan{queries, keys, heads, kv_heads, size, causal, window, query_lengths, key_lengths};
  const Place at = place_of(queries, heads);
  const int kv_head = at.head / (heads / kv_heads), lane = threadIdx.x, pitch = size + 1;
  const int64_t q_start = (int64_t)at.sequence * queries * q_stride + q_first + at.head * size;
  k += (int64_t)at.sequence * keys * kv_stride + k_first + kv_head * size;
  v += (int64_t)at.sequence * keys * kv_stride + v_first + kv_head * size;

  DYNAMIC_SHARED(memory);
  float *q_tile = memory, *dy_tile = q_tile + ROWS * size, *k_tile = dy_tile + ROWS * size;
  float *v_tile = k_tile + COLUMNS * pitch, *ds_tile = v_tile + COLUMNS * pitch;
  load(q_tile, size, q + q_start, q_stride, at.first, queries, ROWS, size);
  load(dy_tile, size, dy + ((int64_t)at.sequence * queries * heads + at.head) * size, (int64_t)heads * size, at.first, queries, ROWS, size);
  float out[PER_WARP][HELD] = {};

  const int valid = (int)query_lengths[at.sequence], last = (at.first + ROWS < valid ? at.first + ROWS : valid) - 1;
  const Span seen = last < at.first ? Span{0, 0} : Span{keys_of(plan, at.sequence, at.first).from, keys_of(plan, at.sequence, last).to};
  for (int first = seen.from / COLUMNS * COLUMNS; first < seen.to; first += COLUMNS) {
    __syncthreads();
    load(k_tile, pitch, k, kv_stride, first, seen.to, COLUMNS, size);
    load(v_tile, pitch, v, kv_stride, first, seen.to, COLUMNS, size);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < PER_WARP; i++) {
      const int row = threadIdx.y * PER_WARP + i, query = at.first + row, key = first + lane;
      const Span span = keys_of(plan, at.sequence, query);
      float ds = 0;
      if (key >= span.from && key < span.to) {
        const int64_t number = ((int64_t)at.sequence * heads + at.head) * queries + query;
        const float p = expf(scale * dot(&q_tile[row * size], &k_tile[lane * pitch], size) - log_sums[number]);
        const float dp = dot(&dy_tile[row * size], &v_tile[lane * pitch], size) *
                         mask_of(plan, at.sequence, at.head, query, key, stream, limit, keep);
        ds = p * (dp - along[number]);
      }
      float* weights = &ds_tile[threadIdx.y * COLUMNS];
      __syncwarp();
      weights[lane] = ds;
      __syncwarp();
      add_columns(out[i], weights, k_tile, pitch, size);
    }
  }
#pragma unroll
  for (int i = 0; i < PER_WARP; i++) {
    const int query = at.first + threadIdx.y * PER_WARP + i;
    if (query < queries) store(dq + q_start + (int64_t)query * q_stride, out[i], scale, size);
  }
}
EXPORT(attention_queries)

// `dk` and `dv`, laid out as `k` and `v`.
KERNEL attention_keys(const real* q, const real* k, const real* v, const real* dy, const float* log_sums, const float* along, real* dk,
                      real* dv, const uint32_t* query_lengths, const uint32_t* key_lengths, int queries, int keys, int heads,
                      int kv_heads, int size, int q_first, int k_first, int v_first, int q_stride, int kv_stride, int causal,
                      int window, float scale, uint64_t stream, int limit, float keep) {
  const Plan plan{queries, keys, heads, kv_heads, size, causal, window, query_lengths, key_lengths};
  const Place at = place_of(keys, kv_heads);
  const int group = heads / kv_heads, lane = threadIdx.x, pitch = size + 1;
  const int64_t k_start = (int64_t)at.sequence * keys * kv_stride + k_first + at.head * size;
  const int64_t v_start = (int64_t)at.sequence * keys * kv_stride + v_first + at.head * size;
  q += (int64_t)at.sequence * queries * q_stride + q_first;
  dy += (int64_t)at.sequence * queries * heads * size;

  DYNAMIC_SHARED(memory);
  float *k_tile = memory, *v_tile = k_tile + ROWS * size, *q_tile = v_tile + ROWS * size;
  float *dy_tile = q_tile + COLUMNS * pitch, *p_tile = dy_tile + COLUMNS * pitch, *ds_tile = p_tile + WARPS * COLUMNS;
  load(k_tile, size, k + k_start, kv_stride, at.first, keys, ROWS, size);
  load(v_tile, size, v + v_start, kv_stride, at.first, keys, ROWS, size);
  float key_out[PER_WARP][HELD] = {}, value_out[PER_WARP][HELD] = {};

  const int valid = at.first < (int)key_lengths[at.sequence] ? (int)query_lengths[at.sequence] : 0;
  for (int head = at.head * group; head < (at.head + 1) * group; head++) {
    for (int first = 0; first < valid; first += COLUMNS) {
      // Tiles of queries that see none of the block's keys: both ends of what they see grow with the query.
      const int last = (first + COLUMNS < valid ? first + COLUMNS : valid) - 1;
      if (keys_of(plan, at.sequence, last).to <= at.first) continue;
      if (keys_of(plan, at.sequence, first).from >= at.first + ROWS) break;
      __syncthreads();
      load(q_tile, pitch, q + head * size, q_stride, first, valid, COLUMNS, size);
      load(dy_tile, pitch, dy + head * size, (int64_t)heads * size, first, valid, COLUMNS, size);
      __syncthreads();
      const int query = first + lane;
      const Span span = query < queries ? keys_of(plan, at.sequence, query) : Span{0, 0};
      const int64_t number = ((int64_t)at.sequence * heads + head) * queries + query;
#pragma unroll
      for (int i = 0; i < PER_WARP; i++) {
        const int row = threadIdx.y * PER_WARP + i, key = at.first + row;
        float p = 0, ds = 0;
        if (key >= span.from && key < span.to) {
          p = expf(scale * dot(&k_tile[row * size], &q_tile[lane * pitch], size) - log_sums[number]);
          const float mask = mask_of(plan, at.sequence, head, query, key, stream, limit, keep);
          ds = p * (mask * dot(&v_tile[row * size], &dy_tile[lane * pitch], size) - along[number]);
          p *= mask;
        }
        float *weights = &p_tile[threadIdx.y * COLUMNS], *slopes = &ds_tile[threadIdx.y * COLUMNS];
        __syncwarp();
        weights[lane] = p, slopes[lane] = ds;
        __syncwarp();
        add_columns(value_out[i], weights, dy_tile, pitch, size);
        add_columns(key_out[i], slopes, q_tile, pitch, size);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < PER_WARP; i++) {
    const int key = at.first + threadIdx.y * PER_WARP + i;
    if (key >= keys) continue;
    store(dk + k_start + (int64_t)key * kv_stride, key_out[i], scale, size);
    store(dv + v_start + (int64_t)key * kv_stride, value_out[i], 1, size);
  }
}
EXPORT(attention_keys)
