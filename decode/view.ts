import { cutOut, halved } from './grey-image.ts';
import { BOXES_MAX } from './limits.ts';
import { locateBoxes, type SquareBox } from './locate-boxes.ts';
import type { Channel, ImageFailure, Picture, Region } from './picture.ts';
import { reversalsOf } from './reversals.ts';
import type { GreyImage, Search } from './symbol-reader.ts';

/** From this width on an image is a face, and the part where an indicium belongs is worth a look of its own. */
const FACE_WIDTH_PX_MIN = 800;
/** That part of a face: the right half of the upper two fifths. */
const TOP_RIGHT_HEIGHT = 0.4;
/** Up to this side a picture may be a crop, filled by its symbol. */
const CROP_SIDE_PX_MAX = 640;
/**
 * Up to this side it is a crop: a symbol that is a part of it, with what else is printed there, is found by looking at all of
 * it. The squares in it that look like symbols are parts of one that cannot be read, and took half of the time of giving it up.
 */
const FILLED_SIDE_PX_MAX = 320;
/** Around a box: a symbol turned by 15° reaches an eighth of its side beyond it. */
const MARGIN_SHARE = 0.2;
const MARGIN_PX = 12;

export type Place = 'top right' | 'whole';

/** The parts of one picture on one of its channels, each made when it is first asked for. */
export class View {
  readonly #picture: Picture;
  readonly #channel: Channel;
  readonly #parts = new Map<Place, GreyImage | ImageFailure>();
  readonly #searched = new Map<GreyImage, Set<string>>();
  readonly #calm = new Map<string, GreyImage | ImageFailure>();
  readonly #boxes = new Map<Place, readonly GreyImage[]>();

  constructor(picture: Picture, channel: Channel = 'usual') {
    this.#picture = picture;
    this.#channel = channel;
  }

  get isFace(): boolean {
    return this.#picture.width >= FACE_WIDTH_PX_MIN;
  }

  /** It may be filled by its symbol. */
  get isCrop(): boolean {
    return Math.max(this.#picture.width, this.#picture.height) <= CROP_SIDE_PX_MAX;
  }

  get pixels(): number {
    return this.#picture.width * this.#picture.height;
  }

  /** Grey pixels of a part; of very large pictures, half or a quarter of the lines. */
  async part(place: Place): Promise<GreyImage | ImageFailure> {
    const known = this.#parts.get(place);
    if (known !== undefined) return known;
    const isLarge = place !== 'whole' && this.pixels > SEARCHED_PX_MAX;
    const part = isLarge
      ? await this.#cutOfWhole(place)
      : await this.#picture.grey(this.#regionOf(place), this.#channel);
    const searched = typeof part === 'string' ? part : searchable(part);
    this.#parts.set(place, searched);
    return searched;
  }

  /** Making 50 million pixels takes up to a second: once is enough. */
  async #cutOfWhole(place: Place): Promise<GreyImage | ImageFailure> {
    const whole = await this.part('whole');
    if (typeof whole === 'string') return whole;
    const { left, top, width, height } = this.#regionOf(place);
    const share = whole.width / this.#picture.width;
    const [l, t] = [Math.floor(left * share), Math.floor(top * share)];
    const region = { width: Math.floor(width * share), height: Math.floor(height * share) };
    return cutOut(whole, { left: l, top: t, ...region });
  }

  /** The part, halved until it has no more changes between dark and light than that; as small as a crop it stays as it is. */
  async calm(place: Place, reversalsMax: number): Promise<GreyImage | ImageFailure> {
    const known = this.#calm.get(`${place} ${reversalsMax}`);
    if (known !== undefined) return known;
    const part = await this.part(place);
    const calm = typeof part === 'string' ? part : calmed(part, reversalsMax);
    this.#calm.set(`${place} ${reversalsMax}`, calm);
    return calm;
  }

  /** A crop as it is, which its symbol may fill; nothing of a larger picture. */
  async itself(): Promise<readonly GreyImage[] | ImageFailure> {
    if (!this.isCrop) return [];
    const whole = await this.part('whole');
    return typeof whole === 'string' ? whole : [whole];
  }

  async itselfAndBoxes(): Promise<readonly GreyImage[] | ImageFailure> {
    const [itself, boxes] = [await this.itself(), await this.boxes('whole')];
    if (typeof itself === 'string') return itself;
    return typeof boxes === 'string' ? boxes : [...itself, ...boxes];
  }

  /** Squares that may hold a symbol, with some of what is around them, the likeliest first. */
  async boxes(place: Place): Promise<readonly GreyImage[] | ImageFailure> {
    const known = this.#boxes.get(place);
    if (known !== undefined) return known;
    const part = await this.part(place);
    if (typeof part === 'string') return part;
    const isFilled = Math.max(part.width, part.height) <= FILLED_SIDE_PX_MAX;
    const located = isFilled ? [] : locateBoxes(part, BOXES_MAX);
    const boxes = located.map((box) => readable(cutOut(part, regionAround(box, part))));
    this.#boxes.set(place, boxes);
    return boxes;
  }

  /**
   * Notes that a general reader is given a picture with these options; false where it was given it before, and would find no
   * more in it.
   */
  noteSearch(
    image: GreyImage,
    { search, doubled = false }: { readonly search: Search; readonly doubled?: boolean },
  ): boolean {
    const options = `${search.symbologies} ${search.threshold} ${search.symbolsMax} ${doubled}`;
    const known = this.#searched.get(image) ?? new Set();
    this.#searched.set(image, known);
    if (known.has(options)) return false;
    known.add(options);
    return true;
  }

  #regionOf(place: Place): Region {
    const { width, height } = this.#picture;
    if (place === 'whole') return { left: 0, top: 0, width, height };
    const left = width >> 1;
    return { left, top: 0, width: width - left, height: Math.ceil(height * TOP_RIGHT_HEIGHT) };
  }
}

/** A flat at 300 dpi is searched as it is; larger pictures have larger modules, or nothing that could be read. */
const SEARCHED_PX_MAX = 12_000_000;

function searchable(part: GreyImage): GreyImage {
  return part.width * part.height > SEARCHED_PX_MAX ? searchable(halved(part)) : part;
}

function calmed(part: GreyImage, reversalsMax: number): GreyImage {
  if (part.width * part.height <= CROP_SIDE_PX_MAX ** 2 || reversalsOf(part) <= reversalsMax) return part;
  return calmed(halved(part), reversalsMax);
}

function regionAround({ left, top, side }: SquareBox, image: GreyImage): Region {
  const margin = Math.round(side * MARGIN_SHARE) + MARGIN_PX;
  const [l, t] = [Math.max(0, left - margin), Math.max(0, top - margin)];
  const width = Math.min(image.width, left + side + margin) - l;
  return { left: l, top: t, width, height: Math.min(image.height, top + side + margin) - t };
}

/** Modules of eight pixels and more tell nothing that half as many would not. */
function readable(cut: GreyImage): GreyImage {
  return Math.max(cut.width, cut.height) > CROP_SIDE_PX_MAX ? readable(halved(cut)) : cut;
}
