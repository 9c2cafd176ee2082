// One command as a client sent it: words, not yet meaning.
public import MartletBase

/// A client's command. There is always a name.
public struct RESPCommand: Hashable, Sendable {
    /// The folded name, for a table or a switch.
    public var name: Keyword
    /// The words as sent, the name first: counts compare with Redis's arities.
    public var arguments: [Bytes]

    /// The command of these words; there must be at least one.
    public init(_ arguments: [Bytes]) {
        invariant(!arguments.isEmpty, "a command without a name")
        self.init(name: Keyword(arguments[0]), arguments: arguments)
    }

    init(name: Keyword, arguments: [Bytes]) {
        self.name = name
        self.arguments = arguments
    }
}
