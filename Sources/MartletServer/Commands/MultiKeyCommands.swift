// Commands of several keys: one request for each key, all at once, one reply when the last is
// answered. They are not atomic: a reader may see some of an MSET, and an error says how many keys
// failed, while the others stand.
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

    fileprivate var isOfWrite: Bool { self == .stored || self == .replacedCount }
}

/// The answers of one command's requests as they come in.
private final class Gathering {
    private(set) var answers: [ClientAnswer?]
    private(set) var awaitedCount: Int

    init(count: Int) {
        answers = Array(repeating: nil, count: count)
        awaitedCount = count
    }

    /// Takes one answer; true when it was the last.
    func take(_ answer: ClientAnswer, at index: Int) -> Bool {
        invariant(answers[index] == nil, "request \(index) was answered twice")
        answers[index] = answer
        awaitedCount -= 1
        return awaitedCount == 0
    }
}

extension ClientSession {
    /// `MGET key …`, `EXISTS key …`.
    func readEach(_ words: [Bytes], as form: GatheredForm) throws(CommandError) {
        try gather(
            words.dropFirst().map {
                ClientRequest(key: $0, operation: .get(ReadOptions()))
            }, as: form)
    }

    /// `DEL key …`, `UNLINK key …`.
    func deleteEach(_ words: [Bytes]) throws(CommandError) {
        let mutation = Mutation(content: .tombstone, causality: .coordinator)
        try gather(
            words.dropFirst().map {
                ClientRequest(key: $0, operation: .put(mutation, WriteOptions()))
            }, as: .replacedCount)
    }

    /// `MSET key value …`.
    func setEach(_ words: [Bytes]) throws(CommandError) {
        guard words.count % 2 == 1 else { throw .wrongArity("mset") }
        try gather(
            stride(from: 1, to: words.count, by: 2).map {
                let mutation = Mutation(content: .value(words[$0 + 1]), causality: .coordinator)
                return ClientRequest(key: words[$0], operation: .put(mutation, WriteOptions()))
            }, as: .stored)
    }

    private func gather(
        _ requests: [ClientRequest], as form: GatheredForm
    ) throws(CommandError) {
        guard requests.count <= limits.keyLimit else {
            throw CommandError(
                code: "TOOLARGE",
                "\(requests.count) keys in one command, the limit is \(limits.keyLimit): send "
                    + "several commands, pipelined")
        }
        let ticket = reserve()
        let gathering = Gathering(count: requests.count)
        for (index, request) in requests.enumerated() {
            target.submit(request) { [self] answer in
                guard gathering.take(answer, at: index) else { return }
                fulfil(ticket) { write(gathering.answers.compactMap(\.self), as: form, to: &$0) }
            }
        }
    }

    private func write(
        _ answers: [ClientAnswer], as form: GatheredForm, to writer: inout ReplyWriter
    ) {
        if let failure = failure(among: answers, ofWrites: form.isOfWrite) {
            return failure.write(to: &writer)
        }
        switch form {
        case .values:
            writer.writeArrayHeader(answers.count)
            for answer in answers {
                if let value = presentValue(answer) {
                    writer.writeBulk(value)
                } else {
                    writer.writeNull()
                }
            }
        case .stored: writer.writeOK()
        case .replacedCount:
            writer.writeInteger(
                answers.count {
                    if case .written(let answer) = $0 { answer.replacedValue } else { false }
                })
        case .presentCount: writer.writeInteger(answers.count { presentValue($0) != nil })
        }
    }

    private func presentValue(_ answer: ClientAnswer) -> Bytes? {
        guard case .read(let answer) = answer else { return nil }
        return shown(of: answer.object)?.value
    }

    /// The first failure, with how many there are.
    private func failure(among answers: [ClientAnswer], ofWrites: Bool) -> CommandError? {
        let failures = answers.compactMap { answer -> RequestError? in
            if case .failed(let error) = answer { error } else { nil }
        }
        guard let first = failures.first else { return nil }
        var failure = error(first, ofWrite: ofWrites)
        if answers.count > 1 {
            failure.message =
                "\(failures.count) of \(answers.count) keys failed, the first because: "
                + failure.message
        }
        return failure
    }
}
