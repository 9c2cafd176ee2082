// Logarithms and powers of two from addition, multiplication and division alone: these round alike
// in every build and on every machine, which libm's functions need not. Good to some 14 digits, for
// drawing from distributions; no replacement for libm elsewhere.

internal import MartletBase

/// Base-2 logarithms and powers.
package enum Logarithm {
    /// ln 2, to a double.
    package static let ofTwo = 0.693_147_180_559_945_3
    private static let rootOfTwo = 1.414_213_562_373_095_1

    /// log₂ of `number`, which is positive and normal.
    ///
    /// With the significand brought to √½ … √2, ln m = 2 artanh s for s = (m − 1) / (m + 1), and
    /// |s| < 0.172: ten terms of the series leave less than 10⁻¹⁷.
    package static func base2(of number: Double) -> Double {
        invariant(number.isNormal && number > 0, "the logarithm of \(number)")
        var exponent = Double(number.exponent)
        var significand = number.significand
        if significand > rootOfTwo {
            significand /= 2
            exponent += 1
        }
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        var sum = 0.0
        for term in stride(from: 19, through: 1, by: -2) {
            sum = sum * square + 1 / Double(term)
        }
        return exponent + 2 * ratio * sum / ofTwo
    }

    /// 2 to the power of `exponent`, which is between −1,000 and 1,000.
    ///
    /// Taylor's series of e^x over |x| ≤ ln 2 / 2: fifteen terms leave less than 10⁻¹⁷.
    package static func power(ofTwoTo exponent: Double) -> Double {
        invariant(exponent.magnitude <= 1_000, "2 to the power of \(exponent)")
        let whole = exponent.rounded()
        let rest = (exponent - whole) * ofTwo
        var sum = 1.0
        for term in stride(from: 15, through: 1, by: -1) {
            sum = sum * rest / Double(term) + 1
        }
        return Double(sign: .plus, exponent: Int(whole), significand: sum)
    }
}
