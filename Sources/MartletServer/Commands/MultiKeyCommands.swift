// Commands of several keys: one request for each key, as many at once as the connection has room
// for, one reply. They are not atomic: a reader may see some of an MSET, and an error says how many
// keys failed, while the others stand.
internal import MartletBase
internal import MartletRESP

extension ClientSession {
    /// `MGET key …`, `EXISTS key …`, `DEL key …`, `UNLINK key …`, `MSET key value …`.
    func gather(_ words: [Bytes], as form: GatheredForm) throws(CommandError) {
        let words = words.dropFirst()
        guard words.count % form.wordsPerKey == 0 else { throw .wrongArity("mset") }
        let count = words.count / form.wordsPerKey
        guard count <= limits.keyLimit else {
            throw CommandError(
                code: "TOOLARGE",
                "\(count) keys in one command, the limit is \(limits.keyLimit): send several "
                    + "commands, pipelined")
        }
        ask(for: Gathering(form, ticket: reserve(), words: words))
    }
}
