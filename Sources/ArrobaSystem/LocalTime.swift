package import ArrobaTime
internal import CPty
internal import Glibc

extension CivilTime {
  /// "2026-07-30 06:31:52.123" in the time zone of this machine.
  package static func local(_ milliseconds: Int) -> String {
    let seconds = milliseconds.flooredDivision(by: 1000)
    var wanted = time_t(seconds)
    var broken = tm()
    localtime_r(&wanted, &broken)
    let parts = Parts(
      year: Int(broken.tm_year) + 1900, month: Int(broken.tm_mon) + 1, day: Int(broken.tm_mday),
      hour: Int(broken.tm_hour), minute: Int(broken.tm_min), second: Int(broken.tm_sec),
      millisecond: milliseconds - seconds * 1000)
    return parts.text()
  }
}
