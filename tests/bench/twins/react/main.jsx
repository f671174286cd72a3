import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { ask, field, host, tone, words } from "../page.js";

// Asked before anything is drawn: sooner than a component could.
const first = ask(1);

function Product() {
  const [quantity, setQuantity] = useState(1);
  const [answer, setAnswer] = useState();

  useEffect(() => {
    const change = () => setQuantity(Number(field.value) || 1);
    field.addEventListener("input", change);
    return () => field.removeEventListener("input", change);
  }, []);

  useEffect(() => {
    let wanted = true;
    (quantity === 1 ? first : ask(quantity)).then((item) => wanted && setAnswer(item));
    return () => {
      wanted = false;
    };
  }, [quantity]);

  useEffect(() => {
    if (answer) performance.mark("interactive");
  }, [answer]);

  if (!answer) return words;
  const { text, reason, offer } = answer;
  return (
    <div className={`product ${tone(answer)}`}>
      <p className="head">
        <span className="label">{text.label}</span> {text.date && <span className="date">{text.date}</span>}
      </p>
      {text.detail && <div className="detail">{text.detail}</div>}
      {reason && <p className="reason">{reason.text}</p>}
      {offer && <p className="offer">{offer.text}</p>}
    </div>
  );
}

createRoot(host).render(<Product />);
