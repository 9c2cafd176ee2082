// Too much work: bursts in which every client asks many times as often as it does. A client still
// has one request in flight, so that what nodes are asked at once is bounded by who asks.
internal import MartletBase

extension World {
    /// A burst begins, or is over; those that overlap add up.
    mutating func overload(by factor: Int, _ index: Int, begins: Bool) {
        let name = schedule.faults[index].name
        log.note(
            now, -1, begins ? .fault : .healed, UInt64(index),
            "\(begins ? "fault" : "over"): \(name)")
        overload += begins ? factor : -factor
        guard begins else { return }
        occurrences[.overload] += 1
        queue.schedule(.faultEnds(index), at: now + schedule.faults[index].lasting)
    }

    /// When a client's next request is due after the one that was.
    mutating func drawDue(of client: Int) {
        let pause = clients[client].pause(scenario.workload)
        clients[client].due = clients[client].due + (overload > 1 ? pause / overload : pause)
    }
}
