/**
 * A long short-term memory (Hochreiter and Schmidhuber 1997) that reads a sequence, beside a layer of tanh units that reads a
 * context, and a linear head over both and the context: outputs for each step ahead. Trained by Adam (Kingma and Ba 2015) on the
 * absolute error, in typed arrays, one window after the other, so that the same seed gives the same weights bit for bit.
 */
import { seeded, shuffled } from '../random.js';

export interface Shape {
  readonly steps: number;
  /** inputs at each step of the sequence */
  readonly inputs: number;
  readonly context: number;
  /** units of the memory, and of the layer on the context */
  readonly units: number;
  readonly outputs: number;
}

/** Windows one behind the other: sequence (steps × inputs), context, targets (NaN where there is none). */
export interface Windows {
  readonly count: number;
  readonly sequence: Float64Array;
  readonly context: Float64Array;
  readonly target: Float64Array;
}

export interface TrainOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
  readonly tell?: ((doneRatio: number) => void) | undefined;
}

/** How many numbers hold a network of this shape. */
export const sizeOf = ({ inputs, context, units, outputs }: Shape): number =>
  4 * units * (inputs + units + 1) + units * (context + 1) + outputs * (2 * units + context + 1);

export class Network {
  readonly #parts: Parts;
  readonly #gates: Float64Array;
  readonly #cells: Float64Array;
  readonly #states: Float64Array;
  readonly #hidden: Float64Array;
  readonly output: Float64Array;

  constructor(
    readonly shape: Shape,
    readonly weights: Float64Array,
  ) {
    const { steps, units, outputs } = shape;
    this.#parts = partsOf(shape, weights);
    this.#gates = new Float64Array(steps * 4 * units);
    this.#cells = new Float64Array((steps + 1) * units);
    this.#states = new Float64Array((steps + 1) * units);
    this.#hidden = new Float64Array(units);
    this.output = new Float64Array(outputs);
  }

  /** Fills `output`. */
  run(sequence: Float64Array, context: Float64Array): Float64Array {
    const { steps, inputs, units, outputs, context: width } = this.shape;
    const { gate, layer, head } = this.#parts;
    const row = inputs + units + 1;
    const [gates, cells, states] = [this.#gates, this.#cells, this.#states];
    for (let t = 0; t < steps; t++) {
      const before = t * units;
      for (let g = 0; g < 4 * units; g++) {
        let at = g * row;
        let sum = gate[at + inputs + units]!;
        for (let i = 0; i < inputs; i++) sum += gate[at + i]! * sequence[t * inputs + i]!;
        at += inputs;
        for (let u = 0; u < units; u++) sum += gate[at + u]! * states[before + u]!;
        // Input, forget and output gates are logistic; the third quarter is the candidate.
        gates[t * 4 * units + g] = g >= 2 * units && g < 3 * units ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
      }
      const now = t * 4 * units;
      for (let u = 0; u < units; u++) {
        const cell = gates[now + units + u]! * cells[before + u]! + gates[now + u]! * gates[now + 2 * units + u]!;
        cells[before + units + u] = cell;
        states[before + units + u] = gates[now + 3 * units + u]! * Math.tanh(cell);
      }
    }
    for (let u = 0; u < units; u++) {
      const at = u * (width + 1);
      let sum = layer[at + width]!;
      for (let c = 0; c < width; c++) sum += layer[at + c]! * context[c]!;
      this.#hidden[u] = Math.tanh(sum);
    }
    const last = steps * units;
    for (let o = 0; o < outputs; o++) {
      let at = o * (2 * units + width + 1);
      let sum = head[at + 2 * units + width]!;
      for (let u = 0; u < units; u++) sum += head[at + u]! * states[last + u]!;
      at += units;
      for (let u = 0; u < units; u++) sum += head[at + u]! * this.#hidden[u]!;
      at += units;
      for (let c = 0; c < width; c++) sum += head[at + c]! * context[c]!;
      this.output[o] = sum;
    }
    return this.output;
  }

  /** Adds to `slope` what each weight does to the error, given what each output does to it, for the window that ran last. */
  back(sequence: Float64Array, context: Float64Array, byOutput: Float64Array, slope: Parts): void {
    const { steps, inputs, units, outputs, context: width } = this.shape;
    const { gate, head } = this.#parts;
    const [gates, cells, states] = [this.#gates, this.#cells, this.#states];
    const byState = new Float64Array(units);
    const byHidden = new Float64Array(units);
    const last = steps * units;
    for (let o = 0; o < outputs; o++) {
      const d = byOutput[o]!;
      if (d === 0) continue;
      const at = o * (2 * units + width + 1);
      for (let u = 0; u < units; u++) {
        slope.head[at + u]! += d * states[last + u]!;
        slope.head[at + units + u]! += d * this.#hidden[u]!;
        byState[u]! += d * head[at + u]!;
        byHidden[u]! += d * head[at + units + u]!;
      }
      for (let c = 0; c < width; c++) slope.head[at + 2 * units + c]! += d * context[c]!;
      slope.head[at + 2 * units + width]! += d;
    }
    for (let u = 0; u < units; u++) {
      const d = byHidden[u]! * (1 - this.#hidden[u]! ** 2);
      const at = u * (width + 1);
      for (let c = 0; c < width; c++) slope.layer[at + c]! += d * context[c]!;
      slope.layer[at + width]! += d;
    }
    const row = inputs + units + 1;
    const byCell = new Float64Array(units);
    const byGate = new Float64Array(4 * units);
    for (let t = steps - 1; t >= 0; t--) {
      const before = t * units;
      const now = t * 4 * units;
      for (let u = 0; u < units; u++) {
        const [i, f, c, o] = [
          gates[now + u]!,
          gates[now + units + u]!,
          gates[now + 2 * units + u]!,
          gates[now + 3 * units + u]!,
        ];
        const bent = Math.tanh(cells[before + units + u]!);
        const d = byCell[u]! + byState[u]! * o * (1 - bent * bent);
        byGate[u] = d * c * i * (1 - i);
        byGate[units + u] = d * cells[before + u]! * f * (1 - f);
        byGate[2 * units + u] = d * i * (1 - c * c);
        byGate[3 * units + u] = byState[u]! * bent * o * (1 - o);
        byCell[u] = d * f;
      }
      byState.fill(0);
      for (let g = 0; g < 4 * units; g++) {
        const d = byGate[g]!;
        let at = g * row;
        for (let i = 0; i < inputs; i++) slope.gate[at + i]! += d * sequence[t * inputs + i]!;
        at += inputs;
        for (let u = 0; u < units; u++) {
          slope.gate[at + u]! += d * states[before + u]!;
          byState[u]! += d * gate[at + u]!;
        }
        slope.gate[at + units]! += d;
      }
    }
  }
}

interface Parts {
  readonly gate: Float64Array;
  readonly layer: Float64Array;
  readonly head: Float64Array;
}

/** Gates, layer and head within one array of a network's numbers. */
export const partsOf = ({ inputs, context, units }: Shape, all: Float64Array): Parts => {
  const first = 4 * units * (inputs + units + 1);
  const second = first + units * (context + 1);
  return { gate: all.subarray(0, first), layer: all.subarray(first, second), head: all.subarray(second) };
};

/** Seeded weights: uniform by fan-in, the forget gates open, the head silent, so that training starts at the base forecast. */
const startOf = (shape: Shape, seed: number): Float64Array => {
  const { inputs, context, units } = shape;
  const weights = new Float64Array(sizeOf(shape));
  const { gate, layer } = partsOf(shape, weights);
  const random = seeded(seed);
  const draw = (part: Float64Array, row: number) => {
    const most = 1 / Math.sqrt(row);
    for (let i = 0; i < part.length; i++) part[i] = (i + 1) % row === 0 ? 0 : most * (2 * random() - 1);
  };
  draw(gate, inputs + units + 1);
  draw(layer, context + 1);
  for (let u = units; u < 2 * units; u++) gate[u * (inputs + units + 1) + inputs + units] = 1;
  return weights;
};

export const train = (shape: Shape, windows: Windows, options: TrainOptions): Float64Array => {
  const { epochs, batch, rate, seed } = options;
  const { steps, inputs, context, outputs } = shape;
  const weights = startOf(shape, seed);
  const network = new Network(shape, weights);
  const slope = new Float64Array(weights.length);
  const parts = partsOf(shape, slope);
  const first = new Float64Array(weights.length);
  const second = new Float64Array(weights.length);
  const byOutput = new Float64Array(outputs);
  const random = seeded(seed + 1);
  const total = epochs * windows.count;
  let done = 0;
  let update = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(windows.count, random);
    for (let from = 0; from < windows.count; from += batch) {
      slope.fill(0);
      const some = order.subarray(from, Math.min(windows.count, from + batch));
      for (const w of some) {
        const sequence = windows.sequence.subarray(w * steps * inputs, (w + 1) * steps * inputs);
        const given = windows.context.subarray(w * context, (w + 1) * context);
        const output = network.run(sequence, given);
        for (let o = 0; o < outputs; o++) {
          const error = output[o]! - windows.target[w * outputs + o]!;
          // Huber's slope: the sign, but for errors so small that it would shake.
          byOutput[o] = Number.isNaN(error) ? 0 : Math.max(-1, Math.min(1, 10 * error));
        }
        network.back(sequence, given, byOutput, parts);
      }
      done += some.length;
      update++;
      // Falls to nothing along half a cosine.
      const step = 0.5 * rate * (1 + Math.cos((Math.PI * done) / total));
      adam(weights, slope, first, second, some.length * outputs, step, update);
    }
    options.tell?.((epoch + 1) / epochs);
  }
  return weights;
};

const adam = (
  weights: Float64Array,
  slope: Float64Array,
  first: Float64Array,
  second: Float64Array,
  count: number,
  rate: number,
  update: number,
): void => {
  const [a, b] = [1 - 0.9 ** update, 1 - 0.999 ** update];
  for (let i = 0; i < weights.length; i++) {
    const g = slope[i]! / count;
    first[i] = 0.9 * first[i]! + 0.1 * g;
    second[i] = 0.999 * second[i]! + 0.001 * g * g;
    weights[i]! -= (rate * (first[i]! / a)) / (Math.sqrt(second[i]! / b) + 1e-8);
  }
};
