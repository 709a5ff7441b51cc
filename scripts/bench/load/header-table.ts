/** The tables of HPACK (RFC 7541): the static one, and the dynamic one that each direction of a connection fills. */

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

const STATIC_NAMES_AND_VALUES =
  ":authority||:method|GET|:method|POST|:path|/|:path|/index.html|:scheme|http|:scheme|https|:status|200|:status|204|" +
  ":status|206|:status|304|:status|400|:status|404|:status|500|accept-charset||accept-encoding|gzip, deflate|" +
  "accept-language||accept-ranges||accept||access-control-allow-origin||age||allow||authorization||cache-control||" +
  "content-disposition||content-encoding||content-language||content-length||content-location||content-range||" +
  "content-type||cookie||date||etag||expect||expires||from||host||if-match||if-modified-since||if-none-match||" +
  "if-range||if-unmodified-since||last-modified||link||location||max-forwards||proxy-authenticate||" +
  "proxy-authorization||range||referer||refresh||retry-after||server||set-cookie||strict-transport-security||" +
  "transfer-encoding||user-agent||vary||via||www-authenticate|";

const STATIC_FIELDS: readonly HeaderField[] = pairUp(STATIC_NAMES_AND_VALUES.split("|"));

/** Bytes of a dynamic table unless the peers agree otherwise, which this client never proposes. */
const DYNAMIC_TABLE_SIZE_MAX = 4096;
/** What RFC 7541 section 4.1 adds for each entry. */
const ENTRY_OVERHEAD = 32;

/** Static and dynamic entries by index, from 1; the newest dynamic entry is the first after the static ones. */
export class HeaderTable {
  #dynamic: HeaderField[] = [];
  #size = 0;
  #sizeMax = DYNAMIC_TABLE_SIZE_MAX;

  field(index: number): HeaderField {
    const found =
      index <= STATIC_FIELDS.length ? STATIC_FIELDS[index - 1] : this.#dynamic[index - 1 - STATIC_FIELDS.length];
    if (found === undefined) throw new Error(`no header has the index ${index}`);
    return found;
  }

  /** The index of an equal field, or 0. */
  indexOf(field: HeaderField): number {
    const equal = (entry: HeaderField) => entry.name === field.name && entry.value === field.value;
    const inStatic = STATIC_FIELDS.findIndex(equal);
    if (inStatic >= 0) return inStatic + 1;
    const inDynamic = this.#dynamic.findIndex(equal);
    return inDynamic < 0 ? 0 : inDynamic + 1 + STATIC_FIELDS.length;
  }

  add(field: HeaderField): void {
    this.#dynamic.unshift(field);
    this.#size += entrySize(field);
    this.#evict();
  }

  resize(sizeMax: number): void {
    this.#sizeMax = sizeMax;
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#sizeMax) this.#size -= entrySize(this.#dynamic.pop()!);
  }
}

function entrySize(field: HeaderField): number {
  return field.name.length + field.value.length + ENTRY_OVERHEAD;
}

function pairUp(texts: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let at = 0; at < texts.length; at += 2) fields.push({ name: texts[at]!, value: texts[at + 1]! });
  return fields;
}
