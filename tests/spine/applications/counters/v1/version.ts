// What the unchanged modules of this application read: the version, and the process that only it has.
export const version: number = 1;
export const partner: string = 'first';
