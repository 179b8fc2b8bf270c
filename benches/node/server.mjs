// The recommendation as an HTTP function under Node, without a framework: JSON in, JSON out.
import { createServer } from 'node:http';

function score(weights, candidate, kept) {
  const parts = [
    [weights.affinity, candidate.affinity ?? 0],
    [weights.repurchase, kept / (kept + 1)],
    [weights.similarity, candidate.similarity ?? 0],
  ];
  const sum = parts.reduce((sum, [weight]) => sum + weight, 0);
  return parts.reduce((total, [weight, share]) => total + weight * share, 0) / sum;
}

function offer(question, { candidate, score, kept }) {
  const hold = question.price_hold_ms > 0 ? question.price_hold_ms : null;
  const copy = [
    'affinity.price',
    kept && 'affinity.again',
    candidate.switched_share != null && 'affinity.switched',
    candidate.stock != null && 'affinity.stock',
    hold != null && 'affinity.hold',
  ].filter(Boolean);
  const resolution = question.resolutions.includes('exchange') ? 'exchange' : null;
  return { product: candidate.id, kind: 'affinity', resolution, score, copy, price_hold_ms: hold };
}

function recommend(question) {
  const scored = [];
  for (const candidate of question.candidates) {
    let bought = 0;
    let kept = 0;
    for (const purchase of question.purchases) {
      if (purchase.product !== candidate.id) continue;
      bought += 1;
      if (purchase.returned === 0) kept += 1;
    }
    const points = score(question.weights, candidate, kept);
    if (points > 0) scored.push({ candidate, score: points, kept: kept > 0 && kept === bought });
  }
  scored.sort((a, b) => b.score - a.score || a.candidate.id - b.candidate.id);
  return { offers: scored.slice(0, question.slots).map((it) => offer(question, it)) };
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const answer = JSON.stringify(recommend(JSON.parse(Buffer.concat(chunks).toString())));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
