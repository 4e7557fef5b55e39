/** The words of this folder in English. */
export default {
  "request": "Message request",
  "request.accept": "Accept",
  "request.decline": "Decline",
  "request.decline.ask": "Decline the messages of {name}? They cannot write to you any more.",
  "request.hint": "You do not know each other yet. They see that you have read this once you accept or answer.",
};
