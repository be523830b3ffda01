// The kernels of cuda.cu for heads of up to 32 HELD numbers, of which a lane holds HELD in registers: included once a size. NAME
// makes a name of its own for each.

// `out += weights[column] * rows[column]` over a tile, for the lane's part of a head.
__device__ inline void NAME(add_columns)(float* out, const float* weights, const float* rows, int pitch, int size) {
#pragma unroll
  for (int held = 0; held < HELD; held++) {
    const int at = held * 32 + threadIdx.x;
    if (at < size)
      for (int column = 0; column < COLUMNS; column++) out[held] += weights[column] * rows[column * pitch + at];
  }
}

__device__ inline void NAME(store)(real* to, const float* from, float scale, int size) {
#pragma unroll
  for (int held = 0; held < HELD; held++) {
    const int at = held * 32 + threadIdx.x;
    if (at < size) to[at] = (real)(from[held] * scale);
  }
}

// `y`: [B, Tq, H K], `log_sums`: [B, Tq, H].
KERNEL NAME(attention_forward)(const real* q, const real* k, const real* v, real* y, float* log_sums, const uint32_t* query_starts,
                         const uint32_t* key_starts, const uint32_t* query_lengths, const uint32_t* key_lengths, int most_queries,
                         int most_keys, int heads, int kv_heads, int size, int q_first, int k_first, int v_first, int q_stride,
                         int kv_stride, int causal, int window, int dropout_blocks, float scale, uint64_t stream, int limit, float keep) {
  const Plan plan{heads, causal, window, dropout_blocks, query_starts, key_starts, query_lengths, key_lengths};
  const Place at = place_of(most_queries, heads);
  const int queries = plan.queries(at.sequence);
  if (at.first >= queries) return;  // the whole block
  const int kv_head = at.head / (heads / kv_heads), lane = threadIdx.x, pitch = size + 1;
  q += plan.first_query(at.sequence) * q_stride + q_first + at.head * size;
  k += plan.first_key(at.sequence) * kv_stride + k_first + kv_head * size;
  v += plan.first_key(at.sequence) * kv_stride + v_first + kv_head * size;

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
      NAME(add_columns)(out[i], weights, v_tile, pitch, size);
    }
  }
#pragma unroll
  for (int i = 0; i < PER_WARP; i++) {
    const int query = at.first + threadIdx.y * PER_WARP + i;
    if (query >= queries) continue;
    // What sees no key is zeros. A row whose sum overflowed or ran out to 0 is not: it becomes NaN, which is found.
    const Span span = keys_of(plan, at.sequence, query);
    const bool empty = span.from >= span.to;
    NAME(store)(y + ((plan.first_query(at.sequence) + query) * heads + at.head) * size, out[i], empty ? 0.0f : 1.0f / sum[i], size);
    if (lane == 0) log_sums[(plan.first_query(at.sequence) + query) * heads + at.head] = empty ? 0.0f : largest[i] + logf(sum[i]);
  }
}
EXPORT(NAME(attention_forward))

// `dq`, laid out as `q`.
KERNEL NAME(attention_queries)(const real* q, const real* k, const real* v, const real* dy, const float* log_sums, const float* along, real* dq,
                         const uint32_t* query_starts, const uint32_t* key_starts, const uint32_t* query_lengths,
                         const uint32_t* key_lengths, int most_queries, int most_keys, int heads, int kv_heads, int size, int q_first,
                         int k_first, int v_first, int q_stride, int kv_stride, int causal, int window, int dropout_blocks,
                         float scale, uint64_t stream, int limit, float keep) {
  const Plan plan{heads, causal, window, dropout_blocks, query_starts, key_starts, query_lengths, key_lengths};
  const Place at = place_of(most_queries, heads);
  const int queries = plan.queries(at.sequence);
  if (at.first >= queries) return;  // the whole block
  const int kv_head = at.head / (heads / kv_heads), lane = threadIdx.x, pitch = size + 1;
  const int64_t q_start = plan.first_query(at.sequence) * q_stride + q_first + at.head * size;
  k += plan.first_key(at.sequence) * kv_stride + k_first + kv_head * size;
  v += plan.first_key(at.sequence) * kv_stride + v_first + kv_head * size;

  DYNAMIC_SHARED(memory);
  float *q_tile = memory, *dy_tile = q_tile + ROWS * size, *k_tile = dy_tile + ROWS * size;
  float *v_tile = k_tile + COLUMNS * pitch, *ds_tile = v_tile + COLUMNS * pitch;
  load(q_tile, size, q + q_start, q_stride, at.first, queries, ROWS, size);
  load(dy_tile, size, dy + (plan.first_query(at.sequence) * heads + at.head) * size, (int64_t)heads * size, at.first, queries, ROWS, size);
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
        const int64_t number = (plan.first_query(at.sequence) + query) * heads + at.head;
        const float p = expf(scale * dot(&q_tile[row * size], &k_tile[lane * pitch], size) - log_sums[number]);
        const float dp = dot(&dy_tile[row * size], &v_tile[lane * pitch], size) *
                         mask_of(plan, at.sequence, at.head, query, key, stream, limit, keep);
        ds = p * (dp - along[number]);
      }
      float* weights = &ds_tile[threadIdx.y * COLUMNS];
      __syncwarp();
      weights[lane] = ds;
      __syncwarp();
      NAME(add_columns)(out[i], weights, k_tile, pitch, size);
    }
  }
#pragma unroll
  for (int i = 0; i < PER_WARP; i++) {
    const int query = at.first + threadIdx.y * PER_WARP + i;
    if (query < queries) NAME(store)(dq + q_start + (int64_t)query * q_stride, out[i], scale, size);
  }
}
EXPORT(NAME(attention_queries))

// `dk` and `dv`, laid out as `k` and `v`.
KERNEL NAME(attention_keys)(const real* q, const real* k, const real* v, const real* dy, const float* log_sums, const float* along, real* dk,
                      real* dv, const uint32_t* query_starts, const uint32_t* key_starts, const uint32_t* query_lengths,
                      const uint32_t* key_lengths, int most_queries, int most_keys, int heads, int kv_heads, int size, int q_first,
                      int k_first, int v_first, int q_stride, int kv_stride, int causal, int window, int dropout_blocks, float scale,
                      uint64_t stream, int limit, float keep) {
  const Plan plan{heads, causal, window, dropout_blocks, query_starts, key_starts, query_lengths, key_lengths};
  const Place at = place_of(most_keys, kv_heads);
  const int queries = plan.queries(at.sequence), keys = plan.keys(at.sequence);
  if (at.first >= keys) return;  // the whole block
  const int group = heads / kv_heads, lane = threadIdx.x, pitch = size + 1;
  const int64_t k_start = plan.first_key(at.sequence) * kv_stride + k_first + at.head * size;
  const int64_t v_start = plan.first_key(at.sequence) * kv_stride + v_first + at.head * size;
  q += plan.first_query(at.sequence) * q_stride + q_first;
  dy += plan.first_query(at.sequence) * heads * size;

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
      const int64_t number = (plan.first_query(at.sequence) + query) * heads + head;
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
        NAME(add_columns)(value_out[i], weights, dy_tile, pitch, size);
        NAME(add_columns)(key_out[i], slopes, q_tile, pitch, size);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < PER_WARP; i++) {
    const int key = at.first + threadIdx.y * PER_WARP + i;
    if (key >= keys) continue;
    NAME(store)(dk + k_start + (int64_t)key * kv_stride, key_out[i], scale, size);
    NAME(store)(dv + v_start + (int64_t)key * kv_stride, value_out[i], 1, size);
  }
}
EXPORT(NAME(attention_keys))
