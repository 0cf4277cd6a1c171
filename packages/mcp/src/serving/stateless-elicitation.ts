// A tool asked a question that this request's client cannot put to its user.
export class StatelessElicitationError extends Error {
  override readonly name = 'StatelessElicitationError';

  constructor() {
    super('The client did not declare form elicitation');
  }
}
