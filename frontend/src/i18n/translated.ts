/** The same keys in another language. */
export type Translated<T> = { [K in keyof T]: T[K] extends string ? string : { one: string; other: string } };
