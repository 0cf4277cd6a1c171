// What the unchanged modules of this application read: the version, and the process that only it has.
export const version: number = 2;
export const partner: string = 'second';
