/** Literals as they are evaluated; uint and bytes have classes of their own. */
import type { CelUint } from './values.ts';

export type Literal = null | boolean | bigint | CelUint | number | string | Uint8Array;

interface Node {
  /** where errors about it point: the operator, the dot, the opening bracket */
  readonly offset: number;
}

export interface LiteralNode extends Node {
  readonly kind: 'literal';
  readonly value: Literal;
}
export interface IdentNode extends Node {
  readonly kind: 'ident';
  readonly name: string;
}
export interface SelectNode extends Node {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** `has(a.b)` */
  readonly testOnly: boolean;
}
export interface CallNode extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}
export interface ListNode extends Node {
  readonly kind: 'list';
  readonly elements: readonly { readonly value: Expr; readonly optional: boolean }[];
}
export interface MapNode extends Node {
  readonly kind: 'map';
  readonly entries: readonly { readonly key: Expr; readonly value: Expr; readonly optional: boolean }[];
}
export interface StructNode extends Node {
  readonly kind: 'struct';
  readonly typeName: string;
  readonly fields: readonly StructField[];
}
export interface StructField extends Node {
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}
/** A loop over a list or the keys of a map: what `all`, `exists`, `map` and the others stand for. */
export interface ComprehensionNode extends Node {
  readonly kind: 'comprehension';
  readonly range: Expr;
  readonly iterVar: string;
  /** the value beside index or key, in two-variable comprehensions */
  readonly iterVar2: string | undefined;
  readonly accuVar: string;
  readonly accuInit: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

export type Expr =
  LiteralNode | IdentNode | SelectNode | CallNode | ListNode | MapNode | StructNode | ComprehensionNode;
