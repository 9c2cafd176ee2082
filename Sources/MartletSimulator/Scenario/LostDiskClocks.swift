// What CONSISTENCY.md asks of a node whose disk is lost: when it starts again, its clock must not
// be behind what it showed in its former life, or the promises that it made then would be broken by
// the scenario, not by the store. A scenario that asks for such a clock is refused; where only some
// draws would come to one, the clock is set back by less.
//
//     shown  ─────────────╮ set back by 3 s
//                         ╰───────── lost ▒▒▒▒ starts      allowed if 3 s have passed between
internal import MartletBase

extension Fault {
    /// A wall clock that is set: whose, and by how much at its begin; at its end that is undone.
    fileprivate var jump: (node: Int, by: Duration)? {
        guard case .node(.clockJump(let node, let difference)) = action else { return nil }
        return (node, difference)
    }
}

extension [Fault] {
    /// The faults, with clocks set back by no more than lost disks allow; `clocks` go by their
    /// drift. What is taken from one clock may be missed by another loss: then none goes back.
    func sparingLostDisks(_ clocks: [WallClock]) -> [Fault] {
        var faults = self
        for goesBack in [true, false] {
            for loss in self {
                guard case .node(.lostDisk(let node)) = loss.action,
                    faults.lag(of: node, at: loss, clocks[node]) > .zero
                else { continue }
                for index in faults.indices where faults[index].setsBack(node) {
                    let behind = faults.lag(of: node, at: loss, clocks[node])
                    faults[index].lessen(by: goesBack ? behind : nil)
                }
            }
        }
        return faults
    }

    /// How far the clock of a node may be, when its disk is lost and until it starts again, behind
    /// the latest that it has shown before; zero or less where it is not.
    private func lag(of node: Int, at loss: Fault, _ clock: WallClock) -> Duration {
        var steps: [(at: Duration, by: Duration)] = []
        for fault in self {
            guard let jump = fault.jump, jump.node == node else { continue }
            steps.append((fault.at, jump.by))
            if fault.lasting > .zero { steps.append((fault.at + fault.lasting, .zero - jump.by)) }
        }
        steps.sort { $0.at < $1.at }
        func shown(_ at: Duration, after count: Int) -> Duration {
            let gained = Int64(at.nanoseconds) / 1_000_000 * Int64(clock.driftMillionths)
            return steps[..<count].reduce(at + .nanoseconds(gained)) { $0 + $1.by }
        }
        let before = steps.count { $0.at <= loss.at }
        let latest = (0..<before).map { shown(steps[$0].at, after: $0) }.max() ?? .zero
        let until = steps.count { $0.at <= loss.at + loss.lasting }
        let earliest = (before..<until).map { shown(steps[$0].at, after: $0 + 1) }
            .reduce(shown(loss.at, after: before)) { Swift.min($0, $1) }
        return Swift.max(latest, shown(loss.at, after: before)) - earliest
    }
}

extension Fault {
    /// Whether the clock of `node` goes back with this, or when it is undone.
    fileprivate func setsBack(_ node: Int) -> Bool {
        jump.map { $0.node == node && ($0.by < .zero || lasting > .zero) } ?? false
    }

    /// Sets the clock by less, as far as there is so much to it; nil for not at all.
    fileprivate mutating func lessen(by excess: Duration?) {
        guard let jump, excess.map({ $0 > .zero }) ?? true else { return }
        let size = jump.by < .zero ? .zero - jump.by : jump.by
        let left = max(.zero, size - (excess ?? size))
        let fault = NodeFault.clockJump(jump.node, by: jump.by < .zero ? .zero - left : left)
        (action, name) = (.node(fault), fault.name)
    }
}

extension FaultSpecification {
    /// Why every draw of this, a clock that is set, would break what is promised for `loss`, a disk
    /// that is lost; nil where some would not, or the two are something else.
    func contradiction(with loss: FaultSpecification) -> String? {
        guard case .node(.clockJump(.number(let node), let by)) = kind,
            case .node(.lostDisk(.number(node))) = loss.kind
        else { return nil }
        // A clock that is set forward goes back when that is undone.
        let isUndone = by.lowerBound > .zero && lasting.lowerBound > .zero
        guard isUndone || by.upperBound < .zero else { return nil }
        let least = isUndone ? by.lowerBound : .zero - by.upperBound
        let back = isUndone ? at.lowerBound + lasting.lowerBound : at.lowerBound
        let latest = isUndone ? at.upperBound + lasting.upperBound : at.upperBound
        if latest > loss.at.lowerBound + loss.lasting.lowerBound { return nil }
        let allowed = max(loss.at.upperBound - back, latest - loss.at.lowerBound)
        guard least > allowed else { return nil }
        let (size, bound) = (
            SimulationReport.text(least), SimulationReport.text(max(.zero, allowed))
        )
        return "the clock of n\(node) is set back by \(size) before it starts on an empty disk, "
            + "which must not show less than before: \(bound) is allowed here (CONSISTENCY.md, "
            + "\"Lost disks\")"
    }
}
