// The space-time diagram of one key: nodes side by side, time downwards, each message a line from
// where and when it was sent to where and when it arrived. The key is the one that was asked for,
// else the failing one, else the busiest; of its time a short and eventful stretch is shown, with
// the idle gaps drawn short.
internal import MartletBase

/// Chooses a stretch of a key's time and draws it.
struct SpaceTime {
    let trace: Trace
    /// What shows the broken promise; nil when none is broken.
    let witness: String?

    private static let operationLimit = 8
    private static let messageLimit = 110
    /// The most messages that are drawn about the key's partition and about everything.
    private static let surroundingLimit = 60

    /// What is drawn: requests, messages, and how far time goes.
    struct Stretch {
        var operations: [TraceOperation] = []
        var messages: [TraceMessage] = []
        var removals: [TraceRemoval] = []
        var end = Instant.start

        /// How much there is to see: what goes wrong counts for more.
        var score: Int {
            messages.reduce(operations.count) { sum, message in
                let isRare = [.hint, .repair, .exchange, .removal].contains(message.kind)
                return sum + 1 + (message.arrived == nil ? 6 : 0) + (isRare ? 4 : 0)
            }
        }
    }

    var section: String {
        guard let key, let stretch = stretch(of: key), !stretch.messages.isEmpty else { return "" }
        let why =
            failingKey == key
            ? "the key of the broken promise"
            : askedKey == key ? "the key that was asked for" : "the busiest key"
        let count = stretch.operations.count
        let chips = SpaceTimeDrawing.styles.map { style, text in
            "<label class=\"chip k-\(style)\"><input type=\"checkbox\" checked "
                + "data-style=\"\(style)\">\(text)</label>"
        }
        return """
            <section class="space"><div class="heading">\
            <h2>Messages of \(MarkupText.escaped(trace.names.key(key)))</h2>\
            <p>\(why), \(count) request\(count == 1 ? "" : "s"); long waits are drawn short</p>\
            </div>
            <div class="filters">\(chips.joined())\
            <span class="chip k-bad">lost, or under way at the end</span></div>
            \(SpaceTimeDrawing(trace: trace, stretch: surrounded(stretch, key)).svg)</section>
            """
    }

    /// `stretch` with what nodes said of the key's partition meanwhile, and where the key went.
    private func surrounded(_ stretch: Stretch, _ key: Int) -> Stretch {
        guard let first = stretch.messages.map(\.sent).min(), let scenario = trace.scenario else {
            return stretch
        }
        let begin = min(first, stretch.operations.first?.began ?? first)
        let focus = Focus(
            key: Bytes(text: trace.names.key(key)), partitionCount: scenario.partitionCount)
        let around = trace.messages.all.filter { message in
            message.isAround(focus.partition) && begin <= message.sent
                && message.sent <= stretch.end
        }
        var stretch = stretch
        stretch.messages += around.suffix(Self.surroundingLimit)
        stretch.removals = trace.removals.filter { removal in
            removal.key == key && begin <= removal.at && removal.at <= stretch.end
        }
        return stretch
    }

    // MARK: Choosing

    private var key: Int? { askedKey ?? failingKey ?? busiestKey }

    private var askedKey: Int? { trace.key.flatMap { trace.names.number(ofKey: $0[...]) } }

    /// The first key that the witness names.
    private var failingKey: Int? {
        let words = witness?.split { " /:;,".contains($0) } ?? []
        return words.lazy.compactMap { trace.names.number(ofKey: $0) }.first
    }

    /// The first number that follows `mark` in the witness.
    private func number(after mark: String) -> Int? {
        guard let witness else { return nil }
        return witness.split(separator: mark, omittingEmptySubsequences: false).dropFirst()
            .lazy.compactMap { Int($0.prefix { $0.isASCII && $0.isNumber }) }.first
    }

    private var busiestKey: Int? {
        var counts: [Int] = []
        for case .key(let key) in trace.messages.all.lazy.map(\.subject) {
            while counts.count <= key { counts.append(0) }
            counts[key] += 1
        }
        return counts.indices.max { counts[$0] < counts[$1] }
    }

    private func stretch(of key: Int) -> Stretch? {
        let operations = trace.operations.filter { $0.key == key && $0.client != nil }
        let messages = trace.messages.all.filter { $0.isAbout(key) }
        if failingKey == key { return last(operations, messages) }
        let starts = stride(from: 0, to: max(1, operations.count), by: 2)
        let stretches = starts.map { start in
            stretch(Array(operations[start...].prefix(Self.operationLimit)), messages, until: nil)
        }
        let fitting = stretches.filter { $0.messages.count <= Self.messageLimit }
        return fitting.max { $0.score < $1.score } ?? stretches.first
    }

    /// The last requests before the promise was broken and everything from there on; before them
    /// the request that the witness names, with those next to it.
    private func last(_ operations: [TraceOperation], _ messages: [TraceMessage]) -> Stretch {
        let half = Self.operationLimit / 2
        guard let named = number(after: "write w"),
            let position = operations.firstIndex(where: { $0.number == named }),
            position + half < operations.count - half
        else {
            return stretch(
                Array(operations.suffix(Self.operationLimit)), messages, until: trace.end)
        }
        var first = stretch(
            Array(operations[position..<position + half]), messages, until: nil)
        let last = stretch(Array(operations.suffix(half)), messages, until: trace.end)
        let room = max(0, Self.messageLimit - last.messages.count)
        first.operations += last.operations
        first.messages = Array(first.messages.prefix(room)) + last.messages
        first.end = last.end
        return first
    }

    private func stretch(
        _ operations: [TraceOperation], _ messages: [TraceMessage], until limit: Instant?
    ) -> Stretch {
        let begin = operations.first?.began ?? .start
        let answered = operations.compactMap(\.ended).max() ?? begin
        let end = limit ?? max(answered, operations.last?.began ?? begin)
        let inside = messages.filter { $0.sent >= begin && $0.sent <= end }
        return Stretch(
            operations: operations,
            messages: limit == nil ? inside : Array(inside.suffix(Self.messageLimit)), end: end)
    }
}
