"""The first-order methods by the formulas of PyTorch's documentation (torch.optim, algorithm boxes of SGD, Adagrad,
Adadelta, RMSprop, Adam with and without amsgrad, AdamW, Adamax, NAdam, RAdam, Rprop), in 60 digits.  Prints
tests/unit/first_order.h: x after 1, 2, 3 and 50 updates.

  /usr/bin/python3 tests/ref/first_order.py >tests/unit/first_order.h
"""
from mpmath import mp, mpf, sqrt, exp, sign

mp.dps = 60


def square(x):
    return [2 * x[0]]


def bowl(x):  # x^2/2 + 5 y^2 + x y
    return [x[0] + x[1], 10 * x[1] + x[0]]


def rosenbrock(x):
    return [-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]


def logistic(x):  # log(1 + exp(2 y - x)) + (x^2 + y^2)/10
    s = 1 / (1 + exp(x[0] - 2 * x[1]))
    return [-s + x[0] / 5, 2 * s + x[1] / 5]


# a double, exactly
D = lambda text: mpf(float(text))


def run(method, grad, x, steps, lr, wd):
    x = [D(t) for t in x]
    n = range(len(x))
    lr, wd = D(lr), D(wd)
    mu, b1, b2, rho = D(0.9), D(0.9), D(0.999), D(0.9 if method == "adadelta" else 0.99)
    eps = D({"adagrad": 1e-10, "adadelta": 1e-6}.get(method, 1e-8))
    m = [mpf(0)] * len(x)
    v = [mpf(0)] * len(x)
    most = [mpf(0)] * len(x)
    step = [lr] * len(x)
    mu_product = mpf(1)
    for t in range(1, steps + 1):
        g = grad(x)
        if method == "adamw":
            x = [xi * (1 - lr * wd) for xi in x]
        elif wd != 0:
            g = [gi + wd * xi for gi, xi in zip(g, x)]
        if method == "gd":
            d = g
        elif method in ("momentum", "nesterov"):
            m = g if t == 1 else [mu * m[i] + g[i] for i in n]
            d = m if method == "momentum" else [g[i] + mu * m[i] for i in n]
        elif method == "adagrad":
            v = [v[i] + g[i] ** 2 for i in n]
            d = [g[i] / (sqrt(v[i]) + eps) for i in n]
        elif method == "rmsprop":
            v = [rho * v[i] + (1 - rho) * g[i] ** 2 for i in n]
            d = [g[i] / (sqrt(v[i]) + eps) for i in n]
        elif method == "adadelta":
            v = [rho * v[i] + (1 - rho) * g[i] ** 2 for i in n]
            d = [sqrt(m[i] + eps) / sqrt(v[i] + eps) * g[i] for i in n]
            m = [rho * m[i] + (1 - rho) * d[i] ** 2 for i in n]
        elif method == "adamax":
            m = [b1 * m[i] + (1 - b1) * g[i] for i in n]
            most = [max(b2 * most[i], abs(g[i]) + eps) for i in n]
            d = [m[i] / ((1 - b1**t) * most[i]) for i in n]
        elif method == "rprop":
            for i in n:
                if m[i] * g[i] > 0:
                    step[i] = min(step[i] * D(1.2), D(50))
                elif m[i] * g[i] < 0:
                    step[i] = max(step[i] * D(0.5), D(1e-6))
                    g[i] = mpf(0)
            m = g
            d = [step[i] * sign(g[i]) / lr for i in n]
        else:
            m = [b1 * m[i] + (1 - b1) * g[i] for i in n]
            v = [b2 * v[i] + (1 - b2) * g[i] ** 2 for i in n]
            most = [max(most[i], v[i]) for i in n]
            hat = [(most if method == "amsgrad" else v)[i] / (1 - b2**t) for i in n]
            if method == "nadam":
                mu_t, mu_next = (b1 * (1 - mpf(1) / 2 * D(0.96) ** (k * D(0.004))) for k in (t, t + 1))
                mu_product *= mu_t
                mean = [mu_next * m[i] / (1 - mu_product * mu_next) + (1 - mu_t) * g[i] / (1 - mu_product) for i in n]
            else:
                mean = [m[i] / (1 - b1**t) for i in n]
            if method == "radam":
                rho = 2 / (1 - b2) - 1
                rho_t = rho - 2 * t * b2**t / (1 - b2**t)
                if rho_t > 5:
                    r = sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t))
                    d = [mean[i] * r * sqrt(1 - b2**t) / (sqrt(v[i]) + eps) for i in n]
                else:
                    d = mean
            else:
                d = [mean[i] / (sqrt(hat[i]) + eps) for i in n]
        x = [x[i] - lr * d[i] for i in n]
    return x


METHODS = ["gd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "amsgrad",
           "adamax", "nadam", "radam", "rprop"]
PROBLEMS = [
    ("square", square, [1], {}, 0.1),
    ("bowl", bowl, [2, -1], {"momentum": 0.02, "nesterov": 0.02, "adadelta": 1}, 0.05),
    ("rosenbrock", rosenbrock, [-1.2, 1], {"gd": 0.001, "momentum": 0.0002, "nesterov": 0.0002}, 0.01),
    ("logistic", logistic, [0.5, 1], {}, 0.1),
]

print("/* Made by tests/ref/first_order.py: x after a number of updates. */")
print("static const struct first_order_row {")
print("    const char *problem;")
print("    minimize_method method;")
print("    double rate, weight_decay;")
print("    size_t updates;")
print("    double x[2];")
print("} first_order_rows[] = {")
for name, grad, start, rates, usual in PROBLEMS:
    for method in METHODS:
        for wd in ([0.01] if method == "adamw" else [0, 0.1] if name == "bowl" else [0]):
            lr = rates.get(method, usual)
            for steps in (1, 2, 3, 50):
                x = run(method, grad, start, steps, lr, wd) + [mpf(0)]
                print('    {"%s", MINIMIZE_%s, %r, %r, %d, {%r, %r}},'
                      % (name, method.upper(), lr, wd, steps, float(x[0]), float(x[1])))
print("};")
