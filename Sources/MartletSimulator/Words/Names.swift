// What things are called wherever a run is told: nodes n1, n2 … as scenarios count them and as they
// call themselves, keys by their text, versions by who issued them, and every time in seconds from
// the run's start.
//
//     n2.3       the third shard of n2
//     n2:9       the ninth version that n2 issued
//     n2/31:4    the fourth under the name that n2 took 31 s into the run, as after a crash
//     n2':1      under the name that n2 drew when it had lost its disk
//     s1ef6:1    under a name that is no node's, drawn to stand in for a home; its first digits
internal import MartletBase
internal import MartletVersions

/// The names of one run's nodes and keys.
struct Names {
    private let keys: [Bytes]
    private let shards: [String]
    private var nodes: [NodeID: String] = [:]

    /// Of nodes of so many shards each.
    init(keys: [Bytes], shardCounts: [Int]) {
        self.keys = keys
        shards = Self.shards(shardCounts)
    }

    /// The name of the node at `index`, which counts from 0.
    static func node(_ index: Int) -> String { "n\(index + 1)" }

    /// The shards of nodes of so many each, as they are numbered: the first of every node, then the
    /// second of each that has two …
    static func places(_ shardCounts: [Int]) -> [(node: Int, shard: Int)] {
        (0..<(shardCounts.max() ?? 0)).flatMap { shard in
            shardCounts.indices.filter { shard < shardCounts[$0] }.map { ($0, shard) }
        }
    }

    /// The names of the shards of nodes of so many each, by their numbers: that of its node for the
    /// first of each.
    static func shards(_ shardCounts: [Int]) -> [String] {
        places(shardCounts).map { place in
            place.shard == 0 ? node(place.node) : "\(node(place.node)).\(place.shard + 1)"
        }
    }

    /// The name of a shard by its number.
    func shard(_ index: Int) -> String { shards[index] }

    /// `n1 → n2`.
    static func way(_ pair: (from: Int, to: Int)) -> String {
        "\(node(pair.from)) → \(node(pair.to))"
    }

    /// Takes in that the node at `index` is known by `id`, and by `alias` in its dots.
    mutating func learn(_ index: Int, _ id: NodeID?, writingAs alias: NodeID?) {
        if let alias { nodes[alias] = "\(Self.node(index))'" }
        if let id { nodes[id] = Self.node(index) }
    }

    /// The name of a node by its identity.
    func node(_ id: NodeID) -> String { nodes[id] ?? "s\("\(id)".prefix(4))" }

    func list(_ ids: some Sequence<NodeID>) -> String {
        ids.map { node($0) }.joined(separator: ", ")
    }

    /// The name of a key by its number.
    func key(_ number: Int) -> String {
        keys.indices.contains(number) ? keys[number].text : "key \(number)"
    }

    /// The number of the key of that name; nil when there is none. O(keys).
    func number(ofKey name: Substring) -> Int? {
        let name = Bytes(text: String(name))
        return keys.firstIndex { $0 == name }
    }

    // MARK: Versions and times

    func dot(_ dot: Dot) -> String { "\(actor(dot.actor)):\(dot.counter)" }

    func dots(_ dots: [Dot]) -> String { dots.map { dot($0) }.joined(separator: ", ") }

    private func actor(_ actor: Actor) -> String {
        guard let name = nodes[actor.node] else { return node(actor.node) }
        return name + Self.life(Int(actor.incarnation))
    }

    /// An incarnation, which is the second in which it was taken; nothing for the run's first.
    private static func life(_ incarnation: Int) -> String {
        let second = incarnation - Int(SimulatedProcess.epochMilliseconds / 1_000)
        return second == 0 ? "" : "/\(second)"
    }

    func context(_ context: Context) -> String {
        "{" + context.entries.map { "\(actor($0.actor)):\($0.counter)" }.joined(separator: ", ")
            + "}"
    }

    /// Seconds from the run's start by a node's wall clock.
    static func seconds(_ wall: WallTime) -> String {
        let milliseconds =
            Int64(wall.milliseconds) - Int64(SimulatedProcess.epochMilliseconds)
        let rest = String(abs(milliseconds) % 1_000)
        return (milliseconds < 0 ? "-" : "") + "\(abs(milliseconds) / 1_000)."
            + String(repeating: "0", count: 3 - rest.count) + rest + "s"
    }

    /// The same of a timestamp, with its place in its millisecond; `the beginning` for the earliest
    /// there is.
    static func seconds(_ timestamp: HybridTimestamp) -> String {
        if timestamp.bits == 0 { return "the beginning" }
        let next = timestamp.bits & 0xFFFF
        return seconds(timestamp.wall) + (next == 0 ? "" : "+\(next)")
    }

    // MARK: Text of others

    /// `text`, as checkers and the store's own descriptions have it, in the names of the run:
    /// identities, `node 2`, `key 7` and incarnations are replaced.
    func told(_ text: String) -> String {
        var text = identitiesTold(text)
        text = Self.replacing("/", in: text) { number in
            number > 1_000_000_000 ? Self.life(number) : nil
        }
        text = Self.replacing("node ", in: text) { shard($0 - 1) }
        for word in ["key ", "cart ", "counter "] {
            text = Self.replacing(word, in: text) { keys.indices.contains($0) ? key($0) : nil }
        }
        return text
    }

    /// Sixteen hexadecimal digits are an identity where a node has it, or where a dot begins with
    /// them.
    private func identitiesTold(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isHexDigit }
            rest = rest.dropFirst(digits.count)
            if digits.count == 16, let id = NodeID(String(digits)) {
                let life = nodes[id] == nil ? Self.life(before: rest) : nil
                result += nodes[id] ?? (life == nil ? String(digits) : node(id))
                rest = rest.dropFirst(life ?? 0)
            } else {
                result += digits
            }
            let others = rest.prefix { !$0.isHexDigit }
            result += others
            rest = rest.dropFirst(others.count)
        }
        return result
    }

    /// The length of the incarnation that `text` begins with, `/1` of `/1:7`; nil otherwise.
    private static func life(before text: Substring) -> Int? {
        guard text.first == "/" else { return nil }
        let digits = text.dropFirst().prefix { $0.isASCII && $0.isNumber }
        return digits.endIndex < text.endIndex && text[digits.endIndex] == ":"
            ? digits.count + 1 : nil
    }

    /// `text` with each number behind `mark`, and the mark with it, replaced by what `name` says;
    /// nil leaves both.
    private static func replacing(
        _ mark: String, in text: String, by name: (Int) -> String?
    ) -> String {
        let parts = text.split(separator: mark, omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts.first ?? "")) { result, part in
            let digits = part.prefix { $0.isASCII && $0.isNumber }
            if let number = Int(digits), let told = name(number) {
                result += told + part.dropFirst(digits.count)
            } else {
                result += mark + part
            }
        }
    }
}
