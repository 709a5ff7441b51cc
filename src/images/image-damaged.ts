/** An image that is not what was written. Nothing of it is believed; an older one and the journal may do. */
export class ImageDamaged extends Error {
  override readonly name = "ImageDamaged";
  constructor(
    readonly file: string,
    readonly offset: number,
    why: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(`${file}, offset ${offset}: ${why}`, options);
  }
}
