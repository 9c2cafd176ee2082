// Marks on rare branches.
import MartletBase
import Testing

private enum Branch: Int, MarkName {
    case first, second, third
}

@Test("A mark stays, and is known by its name alone")
func marksStay() {
    var marks = Marks<Branch>()
    #expect(Branch.allCases.allSatisfy { !marks.contains($0) })
    marks.occurred(.second)
    marks.occurred(.second)
    marks.occurred(.first, if: false)
    #expect(Branch.allCases.filter(marks.contains) == [.second])
    var others = Marks<Branch>()
    others.occurred(.third, if: true)
    marks.formUnion(others)
    #expect(Branch.allCases.filter(marks.contains) == [.second, .third])
}
