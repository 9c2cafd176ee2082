// What the value of a cart or a counter says, in a form that merges: for each id the highest count
// that anyone has given it. A cart is the set of its items' ids; a counter has one entry for each
// client, which alone raises it, so that merging siblings neither loses nor doubles an increment.
//
//     tally = id "=" count { "," id "=" count }        ids ascending
internal import MartletBase

/// Counts by id, merged by the maximum.
struct Tally: Equatable, CustomStringConvertible {
    /// Ascending by id, each once.
    private(set) var entries: [(id: Int, count: Int)] = []

    static func == (left: Tally, right: Tally) -> Bool {
        left.entries.elementsEqual(right.entries) { $0 == $1 }
    }

    subscript(id: Int) -> Int {
        get {
            let index = position(of: id)
            return index < entries.count && entries[index].id == id ? entries[index].count : 0
        }
        set {
            let index = position(of: id)
            let isThere = index < entries.count && entries[index].id == id
            switch (isThere, newValue) {
            case (true, 0): entries.remove(at: index)
            case (true, _): entries[index].count = newValue
            case (false, 0): break
            case (false, _): entries.insert((id, newValue), at: index)
            }
        }
    }

    private func position(of id: Int) -> Int { entries.partitionIndex { $0.id < id } }

    var isEmpty: Bool { entries.isEmpty }
    /// Of all ids together.
    var total: Int { entries.reduce(0) { $0 + $1.count } }

    mutating func merge(_ other: Tally) {
        for (id, count) in other.entries where self[id] < count { self[id] = count }
    }

    var description: String {
        entries.map { "\($0.id)=\($0.count)" }.joined(separator: ",")
    }

    init() {}

    /// Reads what the value of a write says behind its number; nil when it does not read back.
    init?(in value: Bytes) {
        let text = value.text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.count == 2 else { return nil }
        for entry in text[1].split(separator: ",") {
            let parts = entry.split(separator: "=")
            guard parts.count == 2, let id = Int(parts[0]), let count = Int(parts[1]), count > 0
            else { return nil }
            self[id] = count
        }
    }
}
