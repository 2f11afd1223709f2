/** What went wrong on our side of the SDK: never a verdict. */
export class Fault extends Error {}
