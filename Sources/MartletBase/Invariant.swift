// The assertion that stays on in production: a broken invariant is a bug, and a node that has
// one stops before it spreads what it no longer understands. Hostile input is never an invariant.

/// Traps, in every build, when `condition` is false; `message` should print the state at fault.
@inline(__always)
public func invariant(
    _ condition: Bool, _ message: @autoclosure () -> String,
    file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { invariantFailed(message(), file: file, line: line) }
}

@inline(never)
private func invariantFailed(_ message: String, file: StaticString, line: UInt) -> Never {
    fatalError("invariant broken: \(message)", file: file, line: line)
}
