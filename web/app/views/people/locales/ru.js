/** The words of this folder in Russian. */
export default {
  "request": "Запрос на переписку",
  "request.accept": "Принять",
  "request.decline": "Отклонить",
  "request.decline.ask": "Отклонить сообщения от {name}? Писать вам будет нельзя.",
  "request.hint": "Вы ещё не знакомы. О прочтении узнают, когда вы примете запрос или ответите.",
};
