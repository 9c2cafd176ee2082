// What one turn of the loop takes in, and how long turns are said to have been.
import MartletBase
import Testing

@testable import MartletServer

@Suite("A turn of the loop")
struct LoopTurnTests {
    private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

    @Test("Commands have their time from the turn's beginning, and a slice of it while others wait")
    func commands() {
        var turn = LoopTurn()
        #expect(!isOver(&turn, after: [99]), "none has begun")
        turn.begin(at: at(100))
        turn.begin(at: at(102))
        #expect(!isOver(&turn, after: [101, 102]) && isOver(&turn, after: [103]))
        turn.beginSlice(at: at(101), sharedBy: 100)
        #expect(isOver(&turn, after: [102]) && !turn.areCommandsOver(at: at(102)))
        turn.beginSlice(at: at(101), sharedBy: 2)
        #expect(!isOver(&turn, after: [102]) && isOver(&turn, after: [103]))
        turn.endSlices()
        turn.end(at: at(106))
        turn.begin(at: at(107))
        #expect(!isOver(&turn, after: [108, 109]))
    }

    @Test("Where a command has taken long, the next is not begun that would end too late")
    func longCommands() {
        var turn = LoopTurn()
        turn.begin(at: at(100))
        #expect(isOver(&turn, after: [102]))
        turn.beginSlice(at: at(103), sharedBy: 1)
        #expect(!isOver(&turn, after: [103]), "who has waited may begin")
    }

    private func isOver(_ turn: inout LoopTurn, after times: [Int]) -> Bool {
        times.map { turn.isOver(at: at($0)) }.contains(true)
    }

    @Test("Deliveries have less time, but a share of each turn in any case")
    func deliveries() {
        var turn = LoopTurn()
        turn.begin(at: at(0))
        var looks = 0
        for _ in 1..<LoopTurn.deliveryShare where turn.noteDelivery(of: 100) { looks += 1 }
        #expect(looks == (LoopTurn.deliveryShare - 1) / 16, "the clock is looked at now and then")
        #expect(!turn.areDeliveriesOver(at: at(5)), "though commands have had all the time")
        #expect(turn.areDeliveriesOver(at: at(6)))
        _ = turn.noteDelivery(of: 100)
        #expect(!turn.areDeliveriesOver(at: at(1)) && turn.areDeliveriesOver(at: at(2)))
        turn.end(at: at(4))
        turn.begin(at: at(10))
        #expect(!turn.areDeliveriesOver(at: at(15)))
        let isLookDue = turn.noteDelivery(of: 1 << 20)
        #expect(isLookDue, "after a large message at once")
    }

    @Test("The longest turn is told for 30 to 60 seconds, and long ones are counted for ever")
    func lengths() {
        var lengths = TurnLengths()
        #expect(lengths.longest(at: at(0)) == .zero)
        lengths.note(.milliseconds(12), at: at(1_000))
        lengths.note(.milliseconds(3), at: at(2_000))
        #expect(lengths.longest(at: at(2_000)) == .milliseconds(12))
        lengths.note(.microseconds(4_250), at: at(32_000))
        #expect(lengths.longest(at: at(32_000)) == .milliseconds(12), "the period before counts")
        #expect(lengths.longest(at: at(63_000)) == .microseconds(4_250), "and no longer than that")
        lengths.note(.milliseconds(1), at: at(63_000))
        #expect(lengths.longest(at: at(63_000)) == .microseconds(4_250))
        #expect(lengths.longest(at: at(200_000)) == .zero)
        lengths.note(.milliseconds(2), at: at(300_000))
        #expect(lengths.longest(at: at(300_000)) == .milliseconds(2))
        lengths.note(.milliseconds(11), at: at(300_000))
        #expect(lengths.longCount == 2)
    }
}
