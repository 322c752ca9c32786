/**
 * Interleaved rounds: in each one every contender has its turn, and each round starts with another of them, so that a
 * machine that warms up, slows down or has other work favours none.
 */
export async function inRounds<Contender>(
  contenders: readonly Contender[],
  rounds: number,
  turn: (contender: Contender) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let offset = 0; offset < contenders.length; offset++) {
      await turn(contenders[(round + offset) % contenders.length]!)
    }
  }
}
