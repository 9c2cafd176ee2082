// One command as a client sent it: words, not yet meaning.
package import MartletBase

/// A client's command. There is always a name.
package struct RESPCommand: Hashable, Sendable {
    /// The folded name, for a table or a switch.
    package var name: Keyword
    /// The words as sent, the name first: counts compare with Redis's arities.
    package var arguments: [Bytes]

    /// The command of these words; there must be at least one.
    package init(_ arguments: [Bytes]) {
        invariant(!arguments.isEmpty, "a command without a name")
        self.init(name: Keyword(arguments[0]), arguments: arguments)
    }

    init(name: Keyword, arguments: [Bytes]) {
        self.name = name
        self.arguments = arguments
    }
}
