/**
 * Our proto texts as the descriptors that gRPC's reflection hands out: one FileDescriptorProto a package, named after it
 * (`etcdserverpb.proto`).
 */
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';

export interface ProtoFile {
  readonly name: string;
  /** files whose types it uses */
  readonly dependencies: readonly string[];
  /** a FileDescriptorProto */
  readonly bytes: Uint8Array;
}

export interface ProtoFiles {
  /** full names, sorted */
  readonly services: readonly string[];
  byName(name: string): ProtoFile | undefined;
  /** the file that declares a package's service, method, message, field, enum or enum value; by its full name */
  declaring(symbol: string): ProtoFile | undefined;
}

/** what makes a 64-bit field a number in JavaScript says nothing to others */
const ourOptions = / \[jstype = JS_NUMBER\]/g;

interface MessageDescriptor {
  name: string;
  field: { name: string; typeName: string }[];
  nestedType: MessageDescriptor[];
  options: { mapEntry?: boolean } | null;
}
interface FileDescriptor {
  name: string;
  package: string;
  dependency: string[];
  messageType: MessageDescriptor[];
}

/** The type behind a map field is named by a rule, which others check: `key_values` → `KeyValuesEntry`. */
function nameMapEntries(message: MessageDescriptor): void {
  for (const nested of message.nestedType) {
    nameMapEntries(nested);
    if (nested.options?.mapEntry !== true) continue;
    const field = message.field.find(({ typeName }) => typeName === nested.name);
    if (field === undefined) continue;
    const camel = field.name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
    nested.name = field.typeName = `${camel}Entry`;
  }
}

const fileOf = (packageName: string): string => `${packageName}.proto`;
const fullNameOf = (object: protobuf.ReflectionObject): string => object.fullName.slice(1);

/** the innermost namespace that is a package and no type */
function packageOf(object: protobuf.ReflectionObject): string {
  let found: protobuf.ReflectionObject | null = object;
  while (found instanceof protobuf.Type || found instanceof protobuf.Enum || found instanceof protobuf.Service) {
    found = found.parent;
  }
  return found === null ? '' : fullNameOf(found);
}

/** Collects what the texts declare: symbols by name with their package, and which packages each one uses. */
class Declarations {
  readonly packageBySymbol = new Map<string, string>();
  readonly usedBy = new Map<string, Set<string>>();
  readonly services: string[] = [];

  visit(namespace: protobuf.NamespaceBase): void {
    for (const object of namespace.nestedArray) {
      this.#declare(object);
      if (object instanceof protobuf.Type) {
        for (const field of object.fieldsArray) this.#member(object, field, [field.resolve().resolvedType]);
      } else if (object instanceof protobuf.Enum) {
        // values belong to the scope around their enum
        const scope = fullNameOf(namespace);
        for (const name of Object.keys(object.values)) this.packageBySymbol.set(`${scope}.${name}`, packageOf(object));
      } else if (object instanceof protobuf.Service) {
        this.services.push(fullNameOf(object));
        for (const method of object.methodsArray) {
          method.resolve();
          this.#member(object, method, [method.resolvedRequestType, method.resolvedResponseType]);
        }
      }
      if (object instanceof protobuf.Namespace) this.visit(object);
    }
  }

  #declare(object: protobuf.ReflectionObject): void {
    const isPackage = packageOf(object) === fullNameOf(object);
    if (!isPackage) this.packageBySymbol.set(fullNameOf(object), packageOf(object));
  }

  #member(
    owner: protobuf.NamespaceBase,
    { name }: { name: string },
    types: readonly (protobuf.ReflectionObject | null)[],
  ): void {
    const from = packageOf(owner);
    this.packageBySymbol.set(`${fullNameOf(owner)}.${name}`, from);
    const used = this.usedBy.get(from) ?? new Set();
    this.usedBy.set(from, used);
    for (const type of types) if (type !== null && packageOf(type) !== from) used.add(packageOf(type));
  }
}

export function describeProtos(texts: readonly string[]): ProtoFiles {
  const root = new protobuf.Root();
  for (const text of texts) protobuf.parse(text.replace(ourOptions, ''), root, { keepCase: true });
  root.resolveAll();
  const declared = new Declarations();
  declared.visit(root);
  const { file: descriptors } = root.toDescriptor('proto3') as unknown as { file: FileDescriptor[] };
  const files = new Map<string, ProtoFile>();
  for (const found of descriptors) {
    for (const message of found.messageType) nameMapEntries(message);
    found.name = fileOf(found.package);
    found.dependency = [...(declared.usedBy.get(found.package) ?? [])].map(fileOf).sort();
    const bytes = descriptor.FileDescriptorProto.encode(found).finish();
    files.set(found.name, { name: found.name, dependencies: found.dependency, bytes });
  }
  return {
    services: declared.services.sort(),
    byName: (name) => files.get(name),
    declaring: (symbol) => files.get(fileOf(declared.packageBySymbol.get(symbol) ?? '')),
  };
}
