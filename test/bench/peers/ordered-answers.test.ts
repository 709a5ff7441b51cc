import { expect, test } from "vitest";
import { OrderedAnswers } from "../../../scripts/bench/peers/front/ordered-answers.js";

test("answers leave in the order of the messages, each as soon as those before it have left", () => {
  const sent: string[] = [];
  const answers = new OrderedAnswers<string>(
    (answer) => sent.push(answer),
    () => sent.push("over"),
  );
  const [first, second, third] = [answers.next(), answers.next(), answers.next()];
  second!("2");
  expect(sent).toEqual([]);
  first!("1");
  expect(sent).toEqual(["1", "2"]);
  answers.end();
  expect(sent).toEqual(["1", "2"]);
  third!("3");
  expect(sent).toEqual(["1", "2", "3", "over"]);
});
