"""Why a reading or a whole body is refused: one code each, said in Chinese and in English.

Codes are stable and label the counters of ``/metrics``; the words name the field, what was expected and the remedy.
"""

from __future__ import annotations

from typing import Any

REASONS: dict[str, tuple[str, str]] = {
    "not_object": (
        "每条读数应为含 point、ts、value 的对象，收到的是{got}",
        'expected an object with "point", "ts" and "value", got {got}',
    ),
    "missing_field": (
        "缺少字段 {field}；每条读数须有 point、ts、value",
        'field "{field}" is missing; each reading needs "point", "ts" and "value"',
    ),
    "wrong_type": (
        "字段 {field} 应为{expected_zh}，收到的是{got}",
        'field "{field}": expected {expected}, got {got}',
    ),
    "duplicate_key": (
        "字段 {field} 在同一条读数里出现多次，无法判断以哪个为准；请只保留一个",
        'field "{field}" stands more than once in this reading; send it once',
    ),
    "not_finite": (
        "字段 {field} 的 {got} 不是 JSON 数值；传感器故障请不发该读数，或发 quality",
        'field "{field}": {got} is not a JSON number; leave the reading out when the sensor is faulty',
    ),
    "number_range": (
        "字段 {field} 的 {got} 超出双精度数值范围；传感器故障请不发该读数，或发 quality",
        'field "{field}": {got} is outside the range of a 64-bit float; leave it out when the sensor is faulty',
    ),
    "quality_range": (
        "字段 quality 应为 0（好）、1（存疑）、2（校准中）或 3（故障），收到 {got}",
        'field "quality": expected 0 (good), 1 (suspect), 2 (calibrating) or 3 (invalid), got {got}',
    ),
    "address_bad": (
        "字段 point 应为 1 至 200 个可见字符的测点地址",
        'field "point": expected an address of 1 to 200 printable characters',
    ),
    "time_naive": (
        "字段 ts 的 {got} 没有时区；请加 Z 或 +08:00，或发 UTC 毫秒数",
        'field "ts": {got} has no zone; add Z or +08:00, or send epoch milliseconds',
    ),
    "time_format": (
        "字段 ts 的 {got} 不是 RFC 3339 时间；例如 2026-11-24T08:00:00+08:00，或 UTC 毫秒整数",
        'field "ts": {got} is not RFC 3339; send e.g. 2026-11-24T08:00:00+08:00, or epoch milliseconds',
    ),
    "hj212_time": (
        "{field} 的 {got} 不是 yyyyMMddHHmmss 时间；请在数采仪上改正",
        "{field}: {got} is not a time as yyyyMMddHHmmss; mend it on the data logger",
    ),
    "file_time": (
        "时间 {got} 读不出来；核对这种文件的时间是哪一列",
        "no time: {got}; check which column of this kind of file holds it",
    ),
    "file_columns": (
        "这条记录有 {got} 列，设置里要读第 {expected} 列；核对这种文件的列",
        "a record of {got} columns, and column {expected} is to be read; check the columns of this kind of file",
    ),
    "modbus_exception": (
        "站号 {unit} 的寄存器 {register}：设备答复异常 {got}；核对地址和功能码",
        "unit {unit}, register {register}: the device answers with exception {got}; check address and function",
    ),
    "modbus_silent": (
        "站号 {unit} 的寄存器 {register}：{got}内没有答复",
        "unit {unit}, register {register}: no answer within {got}",
    ),
    "opcua_node": (
        "节点 {node} 取不到：{got}；核对节点号和读的权限",
        "node {node} cannot be read: {got}; check its id and the right to read it",
    ),
    "opcua_value": (
        "节点 {node} 的值是 {got}；只收一个数或真假，数组要写明第几个元素",
        "node {node} holds {got}; expected one number or boolean, and of an array its element",
    ),
    "time_implausible": (
        "字段 ts 为 {got}，早于 2000 年或晚于今后十年；请校准设备时钟，并确认单位是毫秒",
        'field "ts": {got} is before 2000 or more than ten years ahead; set the device clock, and send milliseconds',
    ),
    "unknown_point": (
        "未登记的测点地址“{address}”（unknown point）：已列入待认领，在 Shoutu 认领后即可接收",
        'unknown point "{address}": kept for claiming; adopt it in Shoutu and send again',
    ),
    "foreign_point": (
        "测点地址“{address}”属于另一来源（foreign point），此令牌无权写入；请用该来源的令牌发送",
        'foreign point "{address}": it belongs to another source than this token; send it with the token of its own',
    ),
    "line_malformed": (
        "第 {line} 行不是有效的 JSON（行内第 {position} 字节：{what}）；请改正后重发此行",
        "line {line} is not valid JSON (byte {position} of the line: {what}); mend this line and send it again",
    ),
    # whole bodies
    "empty": ("请求体是空的；应为读数数组", "the body is empty; expected an array of readings"),
    "not_utf8": (
        "请求体第 {position} 字节处不是 UTF-8；整批未接收，请改用 UTF-8 重发",
        "the body is not UTF-8 at byte {position}; nothing of it was taken, send it again as UTF-8",
    ),
    "malformed": (
        "请求体在第 {position} 字节处不是有效的 {format}：{what}；整批未接收，请改正后重发",
        "not valid {format} at byte {position}: {what}; nothing of it was taken, mend it and send it again",
    ),
    "not_readings": (
        "应为读数数组，收到的是{got}；整批未接收",
        "expected an array of readings, got {got}; nothing of it was taken",
    ),
    "arrow_column": (
        "Arrow 列 {field}：应为{expected_zh}，收到 {got}；整批未接收",
        'Arrow column "{field}": expected {expected}, got {got}; nothing of it was taken',
    ),
    "arrow_compressed": (
        "不接收压缩的 Arrow 数据块；请关闭 IPC 压缩，或改用 Content-Encoding: gzip",
        "compressed Arrow buffers are not taken; turn IPC compression off, or use Content-Encoding: gzip",
    ),
}


def say(code: str, params: dict[str, Any], english: bool = False) -> str:
    """The words of one reason; a value quoted in them is cut to 60 characters."""
    words = {k: v if not isinstance(v, str) or len(v) <= 60 else v[:57] + "…" for k, v in params.items()}
    return REASONS[code][1 if english else 0].format(**words)
