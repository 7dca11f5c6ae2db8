tagline = 在浏览器中做知识蒸馏
controls = 训练
play = 继续
pause = 暂停
step-batch = 一个批次
step-epoch = 一个轮次
stop = 停止
    .help = 放弃这次训练。“从头开始”可重新训练。
reset = 从头开始
    .help = 用相同的随机种子，从第一步起重新训练同一个实验。
new-seed = 换种子
    .help = 换一组初始权重、批次顺序和有标签的样本。
share = 复制链接
copied = 已复制
dark = 深色
light = 浅色
dismiss = 关闭
update-ready = 本页面的新版本已就绪。重新加载后，本实验将重新开始。
update-now = 重新加载
data-table = 数据表

engine-loading = 正在下载引擎：{ $received }
engine-loading-of = 正在下载引擎：{ $received }，共 { $total }
engine-starting = 正在启动引擎
engine-failed = 引擎无法启动。请重新加载页面再试。
idle = 没有实验
finished = 已完成
progress-teacher = 教师，第 { $epoch } / { $epochs } 轮，种子 { $run } / { $runs }
progress-students = 学生，第 { $epoch } / { $epochs } 轮，种子 { $run } / { $runs }
progress-paused = 已暂停于第 { $epoch } / { $epochs } 轮，种子 { $run } / { $runs }
device-is-cpu = CPU（SIMD）
device-is-gpu = GPU（WebGPU）
device-speed = { $device } · 每秒 { $speed } 个样本
reason-cpu-asked = 按要求使用 CPU。
reason-no-webgpu = 使用 CPU：此浏览器没有 WebGPU 适配器。
reason-software = 使用 CPU：此浏览器的 WebGPU 由软件模拟，速度更慢。
reason-no-timestamps = 使用 CPU：显卡适配器缺少 GPU 引擎所需的时间戳查询功能。
reason-too-small = 使用 CPU：网络太小，显卡没有优势。
reason-gpu-failed = 使用 CPU：GPU 引擎出错。
reason-gpu-asked = 按要求使用 GPU。
reason-gpu-faster = 使用 GPU：这种规模的网络预计在显卡上更快。
self-test = 适配器：{ $adapter }。一次短训练与 CPU 的差别为最大权重的 { $error }。

actor-teacher = 教师模型
actor-student = 学生模型（蒸馏）
actor-baseline = 学生模型（单独训练）
score-teacher = % 的测试样本正确
score-student = % 正确，经过蒸馏
score-baseline = % 正确，标签相同、没有教师
parameters = 参数量
float-bytes = 32 位文件
agreement = 与教师一致
calibration = 校准误差
    .help = 置信度与准确率的平均差距：15 个区间的期望校准误差（Guo 等，2017）。
train-seconds = 在此训练用时

data = 数据
training-examples = { $count } 个训练样本
student-labels = 学生可见的标签
transfer-examples = 蒸馏样本
test-examples = 测试样本
data-picture = 平面上的训练样本，颜色表示类别
thumbnail = 训练样本：{ $label }
thumbnail-labelled = 学生可见标签的训练样本：{ $label }
drop-files = 把四个 IDX 文件拖到这里，压缩（gzip）与否均可。文件不会离开本机。
choose-files = 选择文件…
fetch-files = 下载 MNIST（11.6 MB）
files-read = 已读取 { $train } 个训练样本和 { $test } 个测试样本。
fetch-failed = 数据下载失败：{ $reason }。请改为从磁盘选择文件，或稍后再试。
fashion-class = { $class ->
    [0] T 恤
    [1] 裤子
    [2] 套头衫
    [3] 连衣裙
    [4] 外套
    [5] 凉鞋
    [6] 衬衫
    [7] 运动鞋
    [8] 包
   *[9] 短靴
}

soft-targets = 软标签
soft-targets-sub = 网络眼中的一个测试样本
soft-targets-empty = 教师还在学习。
labelled-as = 标签 { $label }
your-drawing = 你画的数字
chosen-place = 你选的位置
training-example = 训练样本，标签 { $label }
back-to-test = 回到测试样本
inspect-training = 在软标签面板中查看这个训练样本
gallery-class = 只看类别
gallery-all = 全部
axis-linear = 线性
axis-log = 对数
bars-axis = 条形的坐标轴
looks-like = 标签不是它，但{ $actor }觉得最像的类别：
region-tools = 点击的作用
tool-ask = 询问
tool-ask-hint = 点击任意位置，看各网络如何判断。
tool-add-hint = 点击可添加带标签的训练点，拖动可移动自己的点；训练会重新开始。
region-packed = 打包后，{ $bits } 位
region-summary = { $name }：测试点正确率 { $percent } %
regions-hint = 颜色：该处最可能的类别；越淡越没把握（T = { $temperature }）。圆点：学生能看到的标签；菱形：你添加的点。键盘：方向键、Enter、Delete。
entropy = 熵 { $bits } 比特
previous-example = 上一个样本
next-example = 下一个样本
test-example = 测试样本：{ $label }
softmax-formula = 带温度的 softmax：logit 除以 T 后取指数，再除以所有类别之和
bars-caption = 教师与学生给出的各类别概率，分别在温度 1 和滑块所示温度下
similarity = 谁像谁
similarity-caption = T = { $temperature } 时各类别的平均分布（百分比）：行为真实类别，列为预测类别
short-teacher = 教师
short-student = 蒸馏
short-baseline = 单独训练
confusion = 混淆矩阵
confusion-caption = 测试样本数：行为真实类别，列为预测类别
right = 正确 %
confusion-empty = 还没有测量结果。
confusion-cell = 标签 { $label } 判为 { $answer }：{ $count } 个
inspect-example = 在软标签面板中查看第 { $index } 个测试样本
confusion-difference = 差异
confusion-difference-caption = 蒸馏减去单独训练：测试样本多（+）或少（−）了多少个；行为真实类别，列为预测类别
confusion-difference-cell = 标签 { $label } 判为 { $answer }：与单独训练相比 { $change } 个，蒸馏的学生共 { $count } 个
right-change = 正确 ±
bias = 未见类别的偏置
bias-overall = 测试样本正确
bias-omitted = 未见类别正确
bias-words = 学生每次作答时，这个数会加到它从未见过的类别的 logit 上，不做任何训练。偏置不包含在链接中，也不写入打包文件。
disagreements = 教师与学生意见不同
disagreement = 第 { $index } 个测试样本，标签 { $label }：教师判为 { $teacher }，学生判为 { $student }。在软标签面板中查看
of-examples = / { $count } 个测试样本

draw = 亲手试试
draw-sub = 写一个数字，问问各个网络
draw-digits-only = 这里只能手写数字。请选择数字类数据集再试。
draw-pad = 手写数字的画板
draw-keys = 可用鼠标、手写笔或手指书写。键盘：方向键移动，空格或回车落笔、抬笔，X 擦除当前格，Delete 清空。
draw-where-up = 第 { $row } 行，第 { $column } 列（共 { $size }）。已抬笔。
draw-where-down = 第 { $row } 行，第 { $column } 列（共 { $size }）。已落笔。
draw-undo = 撤销一笔
draw-clear = 清空
draw-seen = 网络看到的图像：{ $side }×{ $side } 像素
draw-seen-words = 网络看到的您的手写数字
draw-seen-empty = 空白：还没有书写
draw-empty = 写一个数字，各个网络会说出自己的判断。
draw-again = 重新显示我的手写数字
draw-probability = 概率均在 T = 1 时。横线表示该网络尚未回答。
draw-answers = 各网络对您手写数字的判断
draw-network = 网络
draw-answer = 回答
draw-share = 概率
draw-classes = 各类别的概率
draw-packed = 学生模型（{ $bits } 位打包）
draw-chart = { $name }：最可能是 { $class }，概率 { $share } %
draw-chart-empty = { $name }：尚未回答
draw-table = T = 1 时各网络对您手写数字给出的各类别概率（百分比）
draw-add-as = 加入训练数据，标签为
draw-add = 加入
draw-stays = 手写内容和您自己的样本只留在此标签页中，不会随链接分享。
own-count = { $count ->
    [0] 还没有您自己的训练样本。
   *[other] { $count } 个您自己的训练样本。
}
own-remove-last = 移除最后一个
own-remove-last-of = 移除最后一个（{ $label }）
own-remove-all = 全部移除
own-restarts = 添加或移除样本会重新开始训练。

cost = 代价
cost-sub = 打包后的学生模型
cost-empty = 学生还在学习。
cost-chart = { $count } 个已测量文件的准确率与字节数，其中 { $best } 个在同等大小下最好。当前所选为 { $bits } 位：{ $bytes }，{ $accuracy } %。
packed-file = 打包文件
packed-accuracy = 准确率
of-teacher = 占教师模型大小
cost-point = { $bits ->
   *[other] { $bits } 位
}：{ $bytes }，{ $accuracy } %
cost-teacher = { $actor }：{ $bytes }，{ $accuracy } %
cost-other = 另一次运行
pareto-key = 折线连接同等大小下最好的文件。小点：其他运行，点击即可查看。方块：教师。
column-bits = 位数
column-bytes = 字节
column-best = 最好
parts-chart = 打包文件的 { $bytes } 用在哪里；上方是它占 32 位文件（{ $float }）的比例
parts-caption = 打包文件的字节用在哪里
part-weights = 权重
part-scales = 缩放因子
part-biases = 偏置
part-header = 文件头

packed = 打包文件内部
packed-sub = { $bits ->
   *[other] 每个权重 { $bits } 位
}
histogram = 权重
histogram-layer = 第 { $layer } 层：{ $count } 个权重
histogram-before = 训练所得
histogram-after = 打包之后
histogram-chart = 权重取值的分布，从 −{ $reach } 到 { $reach }：训练所得占 { $before } 个区间，打包之后占 { $after } 个；文件可以表示 { $levels } 个值
histogram-float = 高度与个数的平方根成正比。浮点数可取的值太多，无法逐一画出，因此没有刻度。
histogram-tensor = 高度与个数的平方根成正比。下方刻度是文件中权重可取的 { $levels } 个值。
histogram-channel = 高度与个数的平方根成正比。下方刻度是第一个输出单元的权重可取的 { $levels } 个值；每个单元各有自己的缩放因子。
histogram-unknown = 此文件的权重未知。
column-from = 从
column-to = 到
flips = 改变了的答案
flip-count = { $all } 个测试样本中有 { $count } 个得到与 32 位时不同的类别。
flip-lost = 个由对变错
flip-gained = 个由错变对
flip-other = 个由一种错变为另一种错
flip-example = 第 { $index } 个测试样本，标签 { $label }：32 位时判为 { $before }，打包后判为 { $after }。在软标签面板中查看
flips-unknown = 此文件的答案未知。

curves = 学习曲线
curve-accuracy = 准确率
curve-loss = 损失
curve-quantity = 图中显示的量
curve-parts = 在哪些样本上
curve-test = 测试
    .help = 在测试样本上，任何网络都不从中学习。
curve-train = 训练
    .help = 细点线。准确率：在各网络可见标签的样本上，最多一千个。损失：各网络训练时最小化的量，包括教师的软标签。
curve-chart = { $quantity }随轮次的变化。最新：{ $values }。
curve-empty = 还没有测量结果。
curve-reading = 读取各曲线在某一轮的数值
curve-latest = 最新
curve-told = { $name }：测试 { $test }，训练 { $train }
curve-table = 第一个种子在各测量轮次的{ $quantity }
curve-epoch = 轮次
epochs = 第 { $count } 轮
keep = 保留这次训练
    .help = 它的曲线留在图上，供之后的训练比较。
keep-none = 还没有学生的曲线。
keep-full = 已保留 { $count } 次训练，请先移除一个。
keep-defaults = 默认设置
kept-runs = 保留的训练：各显示蒸馏学生的曲线
kept-name = 这次训练的名称
kept-score = 蒸馏 { $student }，单独训练 { $baseline }
kept-restore = 回到该实验
    .help = 恢复这次训练的实验设置。
kept-forget = 移除 { $name }
teacher-knob = 教师：{ $knob }
student-knob = 学生：{ $knob }
downloads = 下载…
download-svg = 图表（SVG）
download-png = 图表（PNG）
download-csv = 曲线数据（CSV）
download-json = 完整记录（JSON）
download-report = 打印报告…
download-weights = 学生模型权重（safetensors）
download-no-student = 此页面还没有训练好的学生模型。
save-failed = 无法生成文件：{ $reason }。请换一种格式或换一个浏览器再试。
report = 实验报告
report-knobs = 与默认不同的设置
report-none = 所有设置均为默认值。
report-knob = 设置
report-value = 本次
report-default = 默认

verdict = 结论
verdict-sub = 在测试集上的配对检验
verdict-empty = 所有种子完成后，这里会说明蒸馏是否有帮助。
verdict-words = 使用 { $labels } 个标签时，蒸馏的学生在测试样本上答对 { $student } %，同样的网络单独训练答对 { $baseline } %。
verdict-helps = 蒸馏有帮助。
verdict-no-difference = 未发现显著差异。
verdict-hurts = 蒸馏反而降低了准确率。
seeds = { $count ->
   *[other] { $count } 个种子
}
recorded = 这是事先用同一程序做的记录。引擎就绪后，您自己的训练就会开始。
recorded-mark = 记录
touched = 训练过程中改动过设置。点击“从头开始”可得到这个实验本身的结果。
verdict-own = { $count ->
   *[other] 训练数据中有 { $count } 个您自己的样本。链接不包含它们，因此仅凭链接无法重现这个结果。
}

settings = 其他设置
settings-training = 训练
settings-student = 学生与结论
settings-machine = 种子与设备
credit = 数字样本：E. Alpaydin 与 C. Kaynak，Optical Recognition of Handwritten Digits，UCI，CC BY 4.0。任何数据都不会离开此页面。

problem = { $key }={ $value }：{ $reason }。
problem-used = 改用 { $used }。
problem-unknown = 没有这个名称的设置
problem-number = 不是有效的数值
problem-range = 超出 { $min } 到 { $max } 的范围
problem-choice = 不是下列之一：{ $words }
problem-widths = 不是最多 { $layers } 个、每个 1 到 { $width } 的隐藏层宽度列表
problem-classes = 不是类别编号列表
problem-omit = 此数据集不能去掉这些类别
problem-twice = 重复给出，以第一个为准
problem-newer = 链接由比版本 { $known } 更新的 Retort 生成，只采用认识的部分
trouble-diverged = { $actor }：第 { $step } 步时损失变为 NaN。请降低学习率（现为 { $rate }）并从头开始。
trouble-files-needed = { $data } 需要四个文件：请在数据面板中拖入或选择。
trouble-bad-file = { $name }：{ $reason }。其他内容没有改变。
trouble-nothing = 学生没有可学的东西：请给它标签，或使软标签权重大于 0 并提供蒸馏样本。
trouble-engine = 引擎停止：{ $reason }
restarted = 引擎停止（{ $reason }）。已在 CPU 上以同一实验重新启动。

knob-data = 数据集
    .help = 样本的来源。
data-digits8 = 手写数字，8×8
data-strokes = 绘制的数字，28×28
data-spirals = 螺旋
data-moons = 双月
data-rings = 同心环
data-blobs = 高斯簇
data-mnist = MNIST
data-fashion = Fashion-MNIST
knob-examples = 样本数
    .help = 生成多少个训练样本。
knob-classes = 类别数
    .help = 点有多少个类别。
knob-noise = 噪声
    .help = 点偏离其形状的标准差。
knob-seed = 随机种子
    .help = 决定一切随机性：相同的种子给出相同的曲线。
knob-teacher = 隐藏层宽度
    .help = 教师各隐藏层的单元数，如 128,128；“linear”表示没有隐藏层。
knob-teacher-epochs = 教师轮次
    .help = 教师把全部训练样本看多少遍。
knob-batch = 批次大小
    .help = 每一步训练的样本数。
knob-learning-rate = 学习率
    .help = 每一步走多远。过高时损失会变为 NaN。
knob-optimizer = 优化器
    .help = 由梯度得到更新的规则。
optimizer-sgd = SGD，动量 0.9
optimizer-adam = Adam
optimizer-adamw = AdamW
knob-schedule = 学习率调度
    .help = 学习率在训练中如何变化。
schedule-constant = 恒定
schedule-cosine = 余弦
schedule-step = 阶梯
knob-weight-decay = 权重衰减
    .help = 把权重拉向零的力度。
knob-dropout = 丢弃率
    .help = 训练时教师隐藏单元被随机置零的比例（dropout）。
knob-jitter = 抖动
    .help = 训练图像在各方向上最多移动的像素数。
knob-student = 隐藏层宽度
    .help = 学生各隐藏层的单元数。单独训练的网络与之相同。
knob-student-epochs = 学生轮次
    .help = 无论标签多少，一轮的步数都等于把整个训练集看一遍。
knob-labels = 标签数
    .help = 学生可以看到多少个有标签的样本，按类别均衡：一个数字，或“all”。教师看到全部。
knob-transfer = 蒸馏所用样本
    .help = 学生在哪些样本上模仿教师。
transfer-labelled = 有标签的样本
transfer-all = 全部，隐藏标签
transfer-noise = 噪声
knob-omit = 去掉的类别
    .help = 学生从未见过的类别，如 3,8；“none”表示不去掉。教师见过它们。
knob-temperature = 温度
    .help = 软化教师的回答：温度越高，小概率越重要。
knob-soft = 软标签权重
    .help = 教师软标签的权重；其余归真实标签。
knob-t2 = 乘以 T²
    .help = 软标签的梯度随 1/T² 缩小，乘以 T² 使其权重在各温度下保持不变。
t2-on = 开
t2-off = 关
knob-bits = 权重位数
    .help = 学生的权重按此位数打包，再读回并测量。
bits-32 = 32
bits-16 = 16
bits-8 = 8
bits-4 = 4
bits-3 = 3
bits-2 = 2
bits-1 = 1
knob-granularity = 量化粒度
    .help = 多少个权重共用一个缩放因子。
granularity-tensor = 每个矩阵一个
granularity-channel = 每个输出单元一个
knob-runs = 种子数
    .help = 得出结论之前用不同种子重复训练的次数。
knob-device = 设备
    .help = 在哪里训练网络。
device-auto = 自动
device-cpu = CPU
device-gpu = GPU
