// Marks on rare branches, after FoundationDB's CODE_PROBE and TigerBeetle's marks: a branch says
// that it was taken, and a search over many simulated runs says which were never taken. Each part
// of the core has its own names in one file, and keeps its marks with its counters: a mark costs an
// `or`, and is a part of the state like any other.

/// Which of the branches named by `Name` were taken. At most 64 have a name.
public struct Marks<Name: MarkName>: Hashable, Sendable {
    @usableFromInline var bits: UInt64 = 0

    /// None taken yet.
    @inlinable
    public init() {}

    /// The branch was taken.
    @inlinable
    public mutating func occurred(_ name: Name) { bits |= 1 &<< UInt64(name.rawValue) }

    /// The branch was taken, if `condition` holds.
    @inlinable
    public mutating func occurred(_ name: Name, if condition: Bool) {
        if condition { occurred(name) }
    }

    /// Takes in what another life, or another part, has come by.
    public mutating func formUnion(_ other: Marks) { bits |= other.bits }

    /// Whether the branch was taken.
    public func contains(_ name: Name) -> Bool { bits & 1 &<< UInt64(name.rawValue) != 0 }
}

/// The names of rare branches, numbered from 0.
public protocol MarkName: RawRepresentable<Int>, CaseIterable, Hashable, Sendable {}
