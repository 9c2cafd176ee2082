// Which of all mutations are tried: as many of each target as of any other, and of each kind in a
// target, in an order that follows from a seed.

/// Draws mutations.
struct Draw {
    /// The targets that hold protocols.
    static let coreTargets = [
        "MartletVersions", "MartletRing", "MartletStorage", "MartletMembership",
        "MartletReplication", "MartletAntiEntropy", "MartletNode",
    ]

    /// Files that no node runs: what operators look at a directory with, the simulator's disk, and
    /// what checks the parts.
    private static let leftOut = [
        "/Inspection/", "/Disk/DiskFaults", "/Disk/Memory", "/Disk/PagedBytes", "+Invariants",
    ]

    /// More are drawn than asked for, by this many in ten: some do not compile.
    private static let surplusTenths = 6

    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// `count` mutations and some more, numbered; none touches what another does.
    mutating func mutations(
        in tree: MutatedTree, of targets: [String], count: Int
    ) throws -> [Mutation] {
        var queues: [[Mutation]] = []
        for target in targets {
            var all: [Mutation] = []
            for file in tree.files(of: target) where !Self.leftOut.contains(where: file.contains) {
                all += MutationFinder.mutations(of: file, try tree.bytes(of: file))
            }
            say("\(target): \(all.count) mutations")
            queues.append(mixed(all))
        }
        var drawn: [Mutation] = []
        var taken: [String: [Range<Int>]] = [:]
        let wanted = count + count * Self.surplusTenths / 10
        while drawn.count < wanted, queues.contains(where: { !$0.isEmpty }) {
            for index in queues.indices {
                while var mutation = queues[index].popLast() {
                    let span = mutation.span.lowerBound..<mutation.span.upperBound + 1
                    guard !taken[mutation.file, default: []].contains(where: span.overlaps) else {
                        continue
                    }
                    taken[mutation.file, default: []].append(span)
                    mutation.id = drawn.count + 1
                    drawn.append(mutation)
                    break
                }
            }
        }
        return drawn
    }

    /// In an order in which the kinds take turns.
    private mutating func mixed(_ all: [Mutation]) -> [Mutation] {
        var kinds = Mutation.Kind.allCases.map { kind in
            shuffled(all.filter { $0.kind == kind })
        }
        var mixed: [Mutation] = []
        while mixed.count < all.count {
            for index in kinds.indices {
                if let mutation = kinds[index].popLast() { mixed.append(mutation) }
            }
        }
        return mixed.reversed()
    }

    private mutating func shuffled(_ all: [Mutation]) -> [Mutation] {
        var all = all
        for index in all.indices.dropLast() {
            all.swapAt(index, index + Int(next() % UInt64(all.count - index)))
        }
        return all
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
