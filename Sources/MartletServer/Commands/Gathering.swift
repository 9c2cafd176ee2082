// One command of several keys under way: which requests are still to be made, and what becomes of
// the answers. Keeps of an answer only what the reply needs.
//
//     keys      [ asked, answered | asked | not asked yet ]
//     values    [ written | waiting to be written | awaited ]        MGET alone
internal import MartletBase
internal import MartletRESP
internal import MartletVersions
internal import MartletWire

/// What a command of several keys replies when all are answered.
enum GatheredForm {
    /// MGET: each value or null, in order.
    case values
    /// MSET: OK.
    case stored
    /// DEL, UNLINK: how many keys had a value.
    case replacedCount
    /// EXISTS: how many keys have a value.
    case presentCount

    /// Whether keys are written.
    var isOfWrite: Bool { self == .stored || self == .replacedCount }

    /// Words of the command for each key.
    var wordsPerKey: Int { self == .stored ? 2 : 1 }
}

/// The requests and answers of one command.
final class Gathering {
    private enum Value {
        case awaited
        case missing
        case present(Bytes)
    }

    let form: GatheredForm
    let ticket: ReplyTicket
    private let count: Int
    /// Keys, or keys and values in turn, of the requests; those that were made leave nothing.
    private var words: ArraySlice<Bytes>
    private var askedCount = 0
    private var answeredCount = 0
    private var failureCount = 0
    /// Keys that had, or have, a value.
    private var presentCount = 0
    private var values: [Value] = []
    private var writtenCount = 0
    private var valueByteCount = 0
    /// The first failure.
    private(set) var failure: RequestError?
    /// Whether the reply is written piece by piece from here on.
    var isBegun = false
    /// Whether all of the reply has been written.
    private(set) var isWritten = false
    /// Whether the words not asked for yet count as held.
    var isCounted = false

    /// Nothing asked yet of a command with these keys, each with its value where they are stored.
    init(_ form: GatheredForm, ticket: ReplyTicket, words: ArraySlice<Bytes>) {
        self.form = form
        self.ticket = ticket
        self.words = words
        count = words.count / form.wordsPerKey
        if form == .values { values = Array(repeating: .awaited, count: count) }
    }

    /// Whether requests are still to be made.
    var hasMoreToAsk: Bool { askedCount < count }
    /// Whether all are answered.
    var isComplete: Bool { answeredCount == count }
    /// Whether a part of the reply could be written now.
    var mayBegin: Bool { form == .values && failure == nil && valueByteCount > 0 }

    /// Whether a part of the reply can be written now.
    var isReady: Bool {
        guard form == .values, !isWritten else { return isComplete }
        if case .awaited = values[writtenCount] { return false }
        return true
    }

    /// Bytes of the words whose requests are not made. O(words).
    var unaskedByteCount: Int { words.reduce(0) { $0 + $1.count } }

    /// The next request, its place, and how many bytes of words it took.
    func next() -> (index: Int, request: ClientRequest, byteCount: Int) {
        defer { askedCount += 1 }
        let key = takeWord()
        var byteCount = key.count
        let operation: ClientOperation
        switch form {
        case .values, .presentCount: operation = .get(.plain)
        case .replacedCount:
            let mutation = Mutation(content: .tombstone, causality: .coordinator)
            operation = .put(mutation, .plain)
        case .stored:
            let value = takeWord()
            byteCount += value.count
            let mutation = Mutation(content: .value(value), causality: .coordinator)
            operation = .put(mutation, .plain)
        }
        return (askedCount, ClientRequest(key: key, operation: operation), byteCount)
    }

    private func takeWord() -> Bytes {
        let index = words.startIndex
        defer { words = words.dropFirst() }
        var word: Bytes = []
        swap(&word, &words[index])
        return word
    }

    /// Takes the answer to the request at `index`; how many bytes more are held for the reply.
    func take(
        _ answer: ClientAnswer, at index: Int,
        shown: (Object) -> (value: ArraySlice<UInt8>, expiry: WallTime?)?
    ) -> Int {
        answeredCount += 1
        invariant(answeredCount <= askedCount, "\(answeredCount) answers, \(askedCount) requests")
        switch answer {
        case .failed(let error):
            failureCount += 1
            if failure == nil { failure = error }
            return -dropValues()
        case .written(let answer):
            if answer.replacedValue { presentCount += 1 }
            return 0
        case .read(let answer):
            let value = shown(answer.object).map { Bytes($0.value) }
            if value != nil { presentCount += 1 }
            guard form == .values, failure == nil else { return 0 }
            if case .awaited = values[index] {
            } else {
                invariant(false, "request \(index) was answered twice")
            }
            values[index] = value.map { .present($0) } ?? .missing
            valueByteCount += value?.count ?? 0
            return value?.count ?? 0
        }
    }

    /// Forgets everything: nobody is there for the reply.
    func abandon() {
        words = []
        values = []
    }

    /// Forgets the values, which nobody will see; how many bytes those were.
    func dropValues() -> Int {
        defer { valueByteCount = 0 }
        values = []
        return valueByteCount
    }

    /// Writes what of the reply can be written, until the writer holds `limit` bytes; how many
    /// bytes are no longer held for it.
    func writeReady(to writer: inout ReplyWriter, limit: Int) -> Int {
        switch form {
        case .values: return writeValues(to: &writer, limit: limit)
        case .stored: writer.writeOK()
        case .replacedCount, .presentCount: writer.writeInteger(presentCount)
        }
        isWritten = true
        return 0
    }

    private func writeValues(to writer: inout ReplyWriter, limit: Int) -> Int {
        let before = valueByteCount
        if writtenCount == 0 { writer.writeArrayHeader(count) }
        while isReady, !isWritten, writer.count < limit {
            if case .present(let value) = values[writtenCount] {
                writer.writeBulk(value)
                valueByteCount -= value.count
            } else {
                writer.writeNull()
            }
            values[writtenCount] = .missing
            writtenCount += 1
            isWritten = writtenCount == count
        }
        return before - valueByteCount
    }

    /// `first`, with how many failed where there is more than one key.
    func error(_ first: CommandError) -> CommandError {
        guard count > 1 else { return first }
        var failure = first
        failure.message =
            "\(failureCount) of \(count) keys failed, the first because: " + failure.message
        return failure
    }
}
